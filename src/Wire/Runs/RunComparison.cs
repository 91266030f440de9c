using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Wire.Runs;

/// <summary>One arm held against another, from pairs of neighbouring trials. Percentages: positive is better for the treated arm, except quality, where it says how much perplexity rose.</summary>
public sealed record RunComparison
{
    /// <summary>Name of the arm that is compared against.</summary>
    public required string Control { get; init; }

    /// <summary>Name of the arm that is judged.</summary>
    public required string Treated { get; init; }

    /// <summary>Pairs behind the figures.</summary>
    public required int Pairs { get; init; }

    /// <summary>The weakest origin of the joules.</summary>
    public required Origin Origin { get; init; }

    /// <summary>How the figure was obtained, such as <c>paired_blocks_t</c>.</summary>
    public required string Method { get; init; }

    /// <summary>Percent less joules per token; negative is more. An effect of the given origin: only a verdict of <c>saving</c> was saved.</summary>
    public double? SavingPercent { get; init; }

    /// <summary>95 % interval of <see cref="SavingPercent"/>, low and high.</summary>
    public IReadOnlyList<double>? Ci95 { get; init; }

    /// <summary>Percent more tokens per second.</summary>
    public double? ThroughputPercent { get; init; }

    /// <summary>95 % interval of <see cref="ThroughputPercent"/>.</summary>
    public IReadOnlyList<double>? ThroughputCi95 { get; init; }

    /// <summary>Percent by which perplexity rose: 100 (exp(mean of paired differences of loss) - 1).</summary>
    public double? PerplexityPercent { get; init; }

    /// <summary>95 % interval of <see cref="PerplexityPercent"/>.</summary>
    public IReadOnlyList<double>? PerplexityCi95 { get; init; }

    /// <summary>Degrees Celsius by which the device was cooler at the end of a window: mean of paired differences; negative is warmer, null where no sensor says.</summary>
    public double? CoolerCelsius { get; init; }

    /// <summary>95 % interval of <see cref="CoolerCelsius"/>.</summary>
    public IReadOnlyList<double>? CoolerCi95 { get; init; }

    /// <summary>Log ratios of joules per token of the pairs, treated over control, in order.</summary>
    public IReadOnlyList<double> LogRatios { get; init; } = [];

    /// <summary>What the figures say.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Whether it may be published.</summary>
    public required bool Publishable { get; init; }

    /// <summary>Stable codes that qualify the verdict or stand against publishing.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }
}
