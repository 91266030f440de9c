using EnergyTTT.Selection.Epochs;

namespace EnergyTTT.Routing.Strategies;

/// <summary>
/// A named way to steer a router: which terms of <c>b = Pi_R(b_price + b_int + b_fast)</c> it uses, whether heat has a price, and what the tokens of a batch do together. All strategies run on the
/// same core, so that two of them differ only in what they say here.
/// </summary>
/// <remarks>Equality is by value. <see cref="StrategyCatalogue"/> knows all of them by name.</remarks>
public sealed record Strategy
{
    /// <summary>The name, as policies, epochs and results carry it.</summary>
    public required string Name { get; init; }

    /// <summary>One sentence for a person.</summary>
    public required string Summary { get; init; }

    /// <summary>Whether b_price counts.</summary>
    public bool UsesPrices { get; init; }

    /// <summary>Which temperature prices heat.</summary>
    public HeatRule Heat { get; init; }

    /// <summary>What b_int pulls towards.</summary>
    public BalanceRule Balance { get; init; }

    /// <summary>Whether b_fast counts and fast weights learn.</summary>
    public bool UsesFastWeights { get; init; }

    /// <summary>Whether bounds of quality depend on the priority class of the tenant.</summary>
    public bool UsesPriorities { get; init; }

    /// <summary>Whether it proposes to move experts between devices.</summary>
    public bool ProposesPlacement { get; init; }

    /// <summary>What the tokens of a batch do together.</summary>
    public BatchStep BatchStep { get; init; } = BatchStep.None;

    /// <summary>Whether any term of the bias can ever differ from 0.</summary>
    public bool HasBias => UsesPrices || UsesFastWeights || Balance != BalanceRule.None;
}
