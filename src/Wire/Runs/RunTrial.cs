using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Wire.Runs;

/// <summary>One timed window of one arm. Unknown is null, never 0.</summary>
public sealed record RunTrial
{
    /// <summary>Position in the order in which trials ran, 0-based; unique inside the run.</summary>
    public required int Block { get; init; }

    /// <summary>Name of its arm.</summary>
    public required string Arm { get; init; }

    /// <summary>The pair (round of the interleaving) that it belongs to, 0-based; null when it belongs to none.</summary>
    public int? Pair { get; init; }

    /// <summary>Start of the window by the wall clock, UTC.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>End of the window by the wall clock, UTC.</summary>
    public required DateTimeOffset Finished { get; init; }

    /// <summary>Length by the monotonic clock, seconds; on a device that is modelled, the modelled seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Tokens completed in the window.</summary>
    public required long Tokens { get; init; }

    /// <summary>Where the joules come from.</summary>
    public required Origin Origin { get; init; }

    /// <summary>Joules of the whole device, router included; null when there is no honest number.</summary>
    public double? Joules { get; init; }

    /// <summary>How the joules were obtained; null where nothing was measured.</summary>
    public EnergyMethod? EnergyMethod { get; init; }

    /// <summary>Uncertainty of the window's two edges together, seconds; null where nothing was measured.</summary>
    public double? EdgeSeconds { get; init; }

    /// <summary>Mean of the averaged power sensor, watts: the independent check of the joules.</summary>
    public double? PowerAverageWatts { get; init; }

    /// <summary>Joules of the router's own learning on the host, estimated; null when it did not learn.</summary>
    public double? RouterJoules { get; init; }

    /// <summary>Temperature at the start, at the end and at most, degrees Celsius.</summary>
    public double? TemperatureStartCelsius { get; init; }

    /// <inheritdoc cref="TemperatureStartCelsius"/>
    public double? TemperatureEndCelsius { get; init; }

    /// <inheritdoc cref="TemperatureStartCelsius"/>
    public double? TemperatureMaxCelsius { get; init; }

    /// <summary>Clock of the multiprocessors at the end, hertz.</summary>
    public double? SmClockHertz { get; init; }

    /// <summary>Seconds of throttling by heat or power brake in the window.</summary>
    public double? ThrottleSeconds { get; init; }

    /// <summary>Median milliseconds of a step.</summary>
    public double? MsPerTokenP50 { get; init; }

    /// <summary>95th percentile of milliseconds of a step.</summary>
    public double? MsPerTokenP95 { get; init; }

    /// <summary>Median milliseconds that a request waited for its batch, under an offered load; null in a closed loop.</summary>
    public double? QueueMsP50 { get; init; }

    /// <summary>95th percentile of the same.</summary>
    public double? QueueMsP95 { get; init; }

    /// <summary>Median milliseconds from a request's arrival to its last token, under an offered load; null in a closed loop.</summary>
    public double? LatencyMsP50 { get; init; }

    /// <summary>95th percentile of the same.</summary>
    public double? LatencyMsP95 { get; init; }

    /// <summary>Mean next-token loss of the tokens of this window, nats.</summary>
    public double? Loss { get; init; }

    /// <summary>exp(loss).</summary>
    public double? Perplexity { get; init; }

    /// <summary>Mean share of gate mass that tokens kept.</summary>
    public double? RetainedMassMean { get; init; }

    /// <summary>Least share of any token in any layer.</summary>
    public double? RetainedMassMin { get; init; }

    /// <summary>Distinct experts per layer and step, mean.</summary>
    public double? DistinctExperts { get; init; }

    /// <summary>Share of time in which the GPU waited for the host.</summary>
    public double? GpuWaitShare { get; init; }

    /// <summary>Resets of the energy counter in the window.</summary>
    public int CounterResets { get; init; }

    /// <summary>Seconds without readings in the window.</summary>
    public double GapSeconds { get; init; }

    /// <summary>Stable codes why the trial does not count; empty when it does.</summary>
    public IReadOnlyList<string> Codes { get; init; } = [];
}
