namespace EnergyTTT.Client.Http;

/// <summary>How long to wait after a failure: a quarter of a second doubling to half a minute, with up to half of it left to chance.</summary>
internal sealed class Backoff(int seed)
{
    private readonly Random _random = new(seed);
    private int _failures;

    /// <summary>The last call went well.</summary>
    public void Reset() => _failures = 0;

    /// <summary>The wait after one more failure; what the server asked for wins.</summary>
    public TimeSpan Next(Exception error)
    {
        _failures++;
        if (error is SteeringRefusedException { RetryAfter: { } wanted })
        {
            return wanted < TimeSpan.FromMinutes(1) ? wanted : TimeSpan.FromMinutes(1);
        }

        var longest = Math.Min(30, 0.25 * Math.Pow(2, Math.Min(_failures, 8)));

        return TimeSpan.FromSeconds(longest * (0.5 + (_random.NextDouble() / 2)));
    }
}
