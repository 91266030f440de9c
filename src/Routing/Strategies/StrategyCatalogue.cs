using System.Globalization;
using EnergyTTT.Selection.Epochs;

namespace EnergyTTT.Routing.Strategies;

/// <summary>All strategies by name. Names are compared without regard to case.</summary>
public static class StrategyCatalogue
{
    /// <summary>Share of gate mass that every token keeps under greedy consolidation when the name says none.</summary>
    public const float DefaultRetainedMass = 0.95f;

    /// <summary>Own experts of a token under opportunistic activation when the name says none.</summary>
    public const int DefaultOwnExperts = 5;

    /// <summary>Plain top-k; the bias is exactly 0.</summary>
    public static Strategy Baseline { get; } = new() { Name = "Baseline", Summary = "Plain top-k: what the model's own gate says." };

    /// <summary>b_price alone.</summary>
    public static Strategy StaticOptimal { get; } = new() { Name = "StaticOptimal", Summary = "The exact price tilt of today's costs.", UsesPrices = true };

    /// <summary>b_price and b_fast, heat left out.</summary>
    public static Strategy KernelAwareTtha { get; } = new()
    {
        Name = "KernelAwareTTHA", Summary = "Price tilt from kernel costs plus fast weights, heat left out.", UsesPrices = true, UsesFastWeights = true,
    };

    /// <summary>b_int alone, towards the price-tilted demand.</summary>
    public static Strategy StatisticalLoadBalancing { get; } = new()
    {
        Name = "StatisticalLoadBalancing", Summary = "Integral control of measured expert load towards the price-tilted demand.", Balance = BalanceRule.Prices,
    };

    /// <summary>The sign rule towards uniform expert load.</summary>
    public static Strategy LossFreeBalancing { get; } = new()
    {
        Name = "LossFreeBalancing", Summary = "Sign rule towards uniform expert load (arXiv 2408.15664).", Balance = BalanceRule.Uniform,
    };

    /// <summary>b_price within bounds that depend on the tenant's priority class.</summary>
    public static Strategy Hierarchical { get; } = new()
    {
        Name = "Hierarchical", Summary = "Price tilt whose bounds of quality follow the priority class of the tenant.", UsesPrices = true, UsesPriorities = true,
    };

    /// <summary>b_price with shadow prices of the forecast temperature.</summary>
    public static Strategy PredictiveThermal { get; } = new()
    {
        Name = "PredictiveThermal", Summary = "Price tilt with heat priced by the 30 s forecast of each device.", UsesPrices = true, Heat = HeatRule.Forecast,
    };

    /// <summary>b_price with prices per device, balance between devices, and placement proposals.</summary>
    public static Strategy MultiGpuAware { get; } = new()
    {
        Name = "MultiGpuAware", Summary = "Prices per device, load of devices by speed, and proposals to move experts.", UsesPrices = true, Heat = HeatRule.Now, Balance = BalanceRule.Devices,
        ProposesPlacement = true,
    };

    /// <summary>b_int on the load that its trend forecasts.</summary>
    public static Strategy DynamicRerouting { get; } = new()
    {
        Name = "DynamicRerouting", Summary = "Integral control on the linear forecast of expert load.", Balance = BalanceRule.Trend,
    };

    /// <summary>
    /// All terms. Where the engine carries out the batch step, marginal consolidation takes the prices (with heat) and the bias what is left: balance of devices and what fast weights find; where the
    /// engine can only take a bias, the bias carries everything (docs/decisions/0063).
    /// </summary>
    public static Strategy EnergyAwareTtt { get; } = new()
    {
        Name = "EnergyAwareTTT", Summary = "Price tilt, forecast heat, device balance and fast weights, with priced marginal consolidation under the guard.", UsesPrices = true, Heat = HeatRule.Forecast,
        Balance = BalanceRule.Devices, UsesFastWeights = true, BatchStep = BatchStep.MarginalConsolidation(DefaultRetainedMass, priced: true),
    };

    /// <summary>Every token brings its best <paramref name="ownExperts"/>, the rest of its k it takes from what others brought.</summary>
    public static Strategy OpportunisticActivation(int ownExperts = DefaultOwnExperts) => new()
    {
        Name = $"OpportunisticActivation({ownExperts})", Summary = "Tokens share the experts that some token of the batch needs anyway (arXiv 2511.02237).",
        BatchStep = BatchStep.OpportunisticActivation(ownExperts),
    };

    /// <summary>The least-demanded experts leave while every token keeps <paramref name="retainedMass"/> of its gate mass.</summary>
    public static Strategy GreedyConsolidation(float retainedMass = DefaultRetainedMass) => new()
    {
        Name = string.Create(CultureInfo.InvariantCulture, $"GreedyConsolidation({retainedMass})"), Summary = "The least-demanded experts leave while every token keeps its share of gate mass.",
        BatchStep = BatchStep.GreedyConsolidation(retainedMass),
    };

    /// <summary>One of each, with default parameters, in the order of comparison tables.</summary>
    public static IReadOnlyList<Strategy> All { get; } =
    [
        Baseline, StaticOptimal, KernelAwareTtha, StatisticalLoadBalancing, LossFreeBalancing, Hierarchical, PredictiveThermal, MultiGpuAware, DynamicRerouting, OpportunisticActivation(),
        GreedyConsolidation(), EnergyAwareTtt,
    ];

    /// <summary>The strategy of that name; <c>OpportunisticActivation(4)</c> and <c>GreedyConsolidation(0.9)</c> carry their parameter.</summary>
    /// <exception cref="ArgumentException">Unknown name or wrong parameter; the message lists the names.</exception>
    public static Strategy Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var (stem, parameter) = Split(name.Trim());
        if (Is(stem, "OpportunisticActivation"))
        {
            return parameter is null ? OpportunisticActivation()
                : int.TryParse(parameter, NumberStyles.None, CultureInfo.InvariantCulture, out var own) && own >= 1 ? OpportunisticActivation(own)
                : throw new ArgumentException($"'{name}': k0 is a whole number of 1 or more, as in OpportunisticActivation(4)", nameof(name));
        }

        if (Is(stem, "GreedyConsolidation"))
        {
            return parameter is null ? GreedyConsolidation()
                : float.TryParse(parameter, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var mass) && mass is > 0 and <= 1 ? GreedyConsolidation(mass)
                : throw new ArgumentException($"'{name}': rho is above 0 and at most 1, as in GreedyConsolidation(0.9)", nameof(name));
        }

        return (parameter is null ? All.FirstOrDefault(strategy => Is(strategy.Name, stem)) : null)
            ?? throw new ArgumentException($"no strategy is called '{name}'; there are {string.Join(", ", All.Select(strategy => strategy.Name))}", nameof(name));
    }

    private static bool Is(string left, string right) => left.Equals(right, StringComparison.OrdinalIgnoreCase);

    private static (string Stem, string? Parameter) Split(string name) =>
        name.IndexOf('(', StringComparison.Ordinal) is > 0 and var open && name[^1] == ')' ? (name[..open].TrimEnd(), name[(open + 1)..^1].Trim()) : (name, null);
}
