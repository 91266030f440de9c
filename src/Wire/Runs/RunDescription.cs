namespace EnergyTTT.Wire.Runs;

/// <summary>What a run is: who it is, what was set beforehand, where it came from. Times are UTC.</summary>
public sealed record RunDescription
{
    /// <summary>Identity of the run for ever, version 7 UUID; importing the same run twice is recognised by it.</summary>
    public required Guid Id { get; init; }

    /// <summary>What was done: <c>run</c>, <c>compare</c>, <c>sweep</c>, <c>thermal</c>, <c>aa</c> or <c>calibrate</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>A name for people.</summary>
    public required string Name { get; init; }

    /// <summary>When the first work began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it ended, in whatever way; null while running.</summary>
    public DateTimeOffset? Finished { get; init; }

    /// <summary>Where it stands.</summary>
    public required RunState State { get; init; }

    /// <summary>The weakest origin of its joules, <c>measured</c> to <c>simulated</c>.</summary>
    public required Telemetry.Origin Origin { get; init; }

    /// <summary>Why it was aborted or failed; null otherwise.</summary>
    public string? Reason { get; init; }

    /// <summary>Settings by name, fixed before the run: queried as <c>param.*</c>. Ordered by name.</summary>
    public required SortedDictionary<string, ParameterValue> Parameters { get; init; }

    /// <summary>Labels that people gave: queried as <c>tag.*</c>. Ordered by name.</summary>
    public SortedDictionary<string, string> Tags { get; init; } = [];

    /// <summary>The figures that runs are searched by, such as <c>saving_percent</c>: queried as <c>metric.*</c>. Unknown is absent. Ordered by name.</summary>
    public SortedDictionary<string, double> Metrics { get; init; } = [];
}
