namespace EnergyTTT.Portal.Answers;

/// <summary>What a page knows of the thing that it asks about: the newest answer, and since when there is none.</summary>
/// <typeparam name="T">What is asked for.</typeparam>
/// <param name="Value">The newest answer; null while none came, and when the thing does not exist.</param>
/// <param name="At">When the newest answer came, "there is none" included; null before the first.</param>
/// <param name="Failure">Why the last question failed; null when it did not.</param>
/// <param name="FailingSince">When questions began to fail; null while they do not.</param>
public sealed record Answer<T>(T? Value = null, DateTimeOffset? At = null, string? Failure = null, DateTimeOffset? FailingSince = null)
    where T : class
{
    /// <summary>Whether neither an answer nor a failure has come.</summary>
    public bool IsLoading => At is null && Failure is null;

    /// <summary>The state after a failure: what was known stays.</summary>
    public Answer<T> Failed(string reason, DateTimeOffset now) => this with { Failure = reason, FailingSince = FailingSince ?? now };
}
