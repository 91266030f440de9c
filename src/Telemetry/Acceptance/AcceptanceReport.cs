namespace EnergyTTT.Telemetry.Acceptance;

/// <summary>What was measured of one card's sensors; see <see cref="AcceptanceRun"/> for how.</summary>
public sealed record AcceptanceReport
{
    /// <summary>What the card was doing meanwhile, as the caller put it.</summary>
    public required string Label { get; init; }

    /// <summary>When it was measured.</summary>
    public required DateTimeOffset Time { get; init; }

    public required string Gpu { get; init; }

    public required string? Model { get; init; }

    public required string? Driver { get; init; }

    /// <summary>Length of the measurement in seconds, and how often the sensors were polled in it.</summary>
    public required double Seconds { get; init; }

    public required int Polls { get; init; }

    /// <summary>How often each reading changes.</summary>
    public required IReadOnlyList<TickReport> Ticks { get; init; }

    /// <summary>The mean power by each sensor over the same time.</summary>
    public required PowerReport Power { get; init; }

    /// <summary>Windows of equal length, with edges wherever they fell and with edges on ticks of the counter.</summary>
    public required IReadOnlyList<WindowReport> Windows { get; init; }

    /// <summary>What each call costs.</summary>
    public required IReadOnlyList<LatencyReport> Latencies { get; init; }

    /// <summary>Which fields the card answers, with the value and the answer's code.</summary>
    public required IReadOnlyList<FieldReport> Fields { get; init; }
}

/// <summary>Intervals between changes of one reading, in milliseconds, as seen by polling.</summary>
public sealed record TickReport(string Sensor, int Changes, double? MedianMs, double? P10Ms, double? P90Ms, double? ShortestMs, double? LongestMs);

/// <summary>Mean power of the same time by each sensor, in watts; the counter is the reference.</summary>
public sealed record PowerReport
{
    public double? CounterWatts { get; init; }

    public double? Field185Watts { get; init; }

    public double? Field186Watts { get; init; }

    public double? PowerUsageWatts { get; init; }

    /// <summary>Spread (standard deviation) of the readings.</summary>
    public double? Field185Spread { get; init; }

    public double? Field186Spread { get; init; }

    public double? PowerUsageSpread { get; init; }

    public double? Field185OverCounter { get; init; }

    public double? Field186OverCounter { get; init; }

    public double? PowerUsageOverCounter { get; init; }
}

/// <summary>Mean power over windows of the same length: how much the choice of edges scatters it.</summary>
public sealed record WindowReport(string Edges, double WindowSeconds, int Windows, double MeanWatts, double DeviationWatts, double DeviationPercent);

/// <summary>Duration of one call in microseconds; the histogram counts calls up to 10, 20, 50, 100, 200, 500, 1000, 2000, 5000 and above.</summary>
public sealed record LatencyReport(string Call, int Calls, double P50Us, double P90Us, double P99Us, double LongestUs, IReadOnlyList<int> Histogram);

/// <summary>One field of the card.</summary>
public sealed record FieldReport(uint Field, uint Scope, string Name, bool Supported, double? Value, int Code);
