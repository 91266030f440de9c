using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Wire.Runs;

/// <summary>One arm of a run over all its valid trials: a strategy, a way to form batches, a batch size. Unknown is null, never 0.</summary>
public sealed record RunArm
{
    /// <summary>Unique inside the run, such as <c>EnergyAwareTTT + affinity</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The strategy of the router room that stood at the gate, with its parameter.</summary>
    public required string Strategy { get; init; }

    /// <summary>What carried it out: <c>cpu selector</c> or <c>gpu kernel</c>; null where it does not matter.</summary>
    public string? Selection { get; init; }

    /// <summary>How requests shared batches: <c>random</c> or <c>affinity</c>.</summary>
    public required string Grouping { get; init; }

    /// <summary><c>decode</c> or <c>prefill</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>Sequences side by side; above 0.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Offered load in tokens per second of an open loop; null: closed loop, as fast as it goes.</summary>
    public double? OfferedTokensPerSecond { get; init; }

    /// <summary>Settings of this arm alone, ordered by name.</summary>
    public SortedDictionary<string, ParameterValue> Parameters { get; init; } = [];

    /// <summary>Trials that count.</summary>
    public required int Trials { get; init; }

    /// <summary>Tokens of those trials.</summary>
    public required long Tokens { get; init; }

    /// <summary>Where the joules come from.</summary>
    public required Origin Origin { get; init; }

    /// <summary>Total joules over total tokens.</summary>
    public double? JoulesPerToken { get; init; }

    /// <summary>95 % interval of the mean over trials of joules per token.</summary>
    public double? JoulesPerTokenLow { get; init; }

    /// <inheritdoc cref="JoulesPerTokenLow"/>
    public double? JoulesPerTokenHigh { get; init; }

    /// <summary>Total joules over total seconds: mean watts of the whole device.</summary>
    public double? Watts { get; init; }

    /// <summary>Total tokens over total seconds.</summary>
    public double? TokensPerSecond { get; init; }

    /// <summary>Median milliseconds of a step, which is what a sequence waits for its next token.</summary>
    public double? MsPerTokenP50 { get; init; }

    /// <summary>95th percentile of the same.</summary>
    public double? MsPerTokenP95 { get; init; }

    /// <summary>Median milliseconds that a request waited for its batch, under an offered load; null in a closed loop.</summary>
    public double? QueueMsP50 { get; init; }

    /// <summary>95th percentile of the same.</summary>
    public double? QueueMsP95 { get; init; }

    /// <summary>Median milliseconds from a request's arrival to its last token, under an offered load; null in a closed loop.</summary>
    public double? LatencyMsP50 { get; init; }

    /// <summary>95th percentile of the same.</summary>
    public double? LatencyMsP95 { get; init; }

    /// <summary>Greatest temperature in any trial, degrees Celsius.</summary>
    public double? TemperatureMaxCelsius { get; init; }

    /// <summary>Mean over trials of (end - start) temperature in degrees Celsius.</summary>
    public double? TemperatureRiseCelsius { get; init; }

    /// <summary>Mean next-token loss in nats over the tokens of the trials, under the very selection that was measured.</summary>
    public double? Loss { get; init; }

    /// <summary>exp(loss).</summary>
    public double? Perplexity { get; init; }

    /// <summary>Mean share of gate mass that tokens kept, 0 to 1.</summary>
    public double? RetainedMassMean { get; init; }

    /// <summary>Least share of any token in any layer, 0 to 1.</summary>
    public double? RetainedMassMin { get; init; }

    /// <summary>Distinct experts per layer and step, mean.</summary>
    public double? DistinctExperts { get; init; }

    /// <summary>Share of time in which the GPU waited for the host, 0 to 1.</summary>
    public double? GpuWaitShare { get; init; }

    /// <summary>Updates of fast weights during the trials.</summary>
    public long? Updates { get; init; }

    /// <summary>Greatest spread of a bias in force, logits.</summary>
    public double? BiasSpread { get; init; }

    /// <summary>Greatest length of the fast-weight term in force; 0: test-time training changed nothing.</summary>
    public double? FastTermGamma { get; init; }
}
