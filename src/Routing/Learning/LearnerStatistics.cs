using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Losses;

namespace EnergyTTT.Routing.Learning;

/// <summary>Where the learner of one layer stands after a window.</summary>
public sealed record LearnerStatistics
{
    /// <summary>Updates of the fast weights that were applied.</summary>
    public long UpdateCount { get; init; }

    /// <summary>Tokens since the router was made.</summary>
    public long TokensSeen { get; init; }

    /// <summary>Tokens since the last update.</summary>
    public long TokensSinceUpdate { get; init; }

    /// <summary>Windows seen: the number of the chunk's newest part.</summary>
    public long Windows { get; init; }

    /// <summary>Loss at no bias and its terms.</summary>
    public LossValue LossAtRest { get; init; }

    /// <summary>Loss at the bias in force and its terms.</summary>
    public LossValue Loss { get; init; }

    /// <summary>Spread of the bias in force, in its own space.</summary>
    public double Spread { get; init; }

    /// <summary>Length of the fast term, logits.</summary>
    public double Gamma { get; init; }

    /// <summary>Length of the price term, logits per standard price.</summary>
    public double Lambda { get; init; }

    /// <summary>The last learning scale: indifference x urgency x validity.</summary>
    public double Eta { get; init; }

    /// <summary>Share of tokens whose k-th and (k+1)-th expert a bias of spread R could swap, 0 to 1.</summary>
    public double Indifference { get; init; }

    /// <summary>1 when telemetry is fresh and real, 0 when stale, simulated or missing.</summary>
    public double Validity { get; init; }

    /// <summary>Urgency of the hottest device, 1 to 3.25.</summary>
    public double Urgency { get; init; }

    /// <summary>Whether prices said anything; <see langword="null"/> = the router has no costs.</summary>
    public PriceStatus? Prices { get; init; }

    /// <summary>Whether learning saw gates, or only their mean probabilities.</summary>
    public bool SawGates { get; init; }

    /// <summary>Times that the weights went back because the measured objective rose twice in a row.</summary>
    public int Rollbacks { get; init; }

    /// <summary>Why the last due update was a no-op; <see langword="null"/> when it was applied or none was due.</summary>
    public string? UpdateRefusal { get; init; }

    /// <summary>Milliseconds of the last update.</summary>
    public double UpdateMilliseconds { get; init; }

    /// <summary>Joules charged to the learner since its start: time times the options' core watts. Estimated.</summary>
    public double OwnJoules { get; init; }

    /// <summary>Joules saved since the start, as trials reported them; <see langword="null"/> when none did.</summary>
    public double? SavedJoules { get; init; }

    /// <summary>Whether the fast weights are off because they cost more than their share of the saving.</summary>
    public bool FastWeightsOff { get; init; }

    /// <summary>The last scoreboard; <see langword="null"/> before the first.</summary>
    public LossComponents? Scoreboard { get; init; }

    /// <summary>Multipliers of the dual ascent on the weights of energy and heat.</summary>
    public double EnergyMultiplier { get; init; } = 1;

    /// <inheritdoc cref="EnergyMultiplier"/>
    public double ThermalMultiplier { get; init; } = 1;

    /// <summary>Names the cost table; empty without one.</summary>
    public string CalibrationId { get; init; } = "";
}
