using EnergyTTT.Simulation.Experiments;

namespace EnergyTTT.Cli.Fleets;

/// <summary>One arm of a simulated fleet, and what it saves against the baseline. Simulated, all of it.</summary>
/// <param name="Arm">What ran.</param>
/// <param name="DistinctAt16">Distinct experts per layer of steps with 16 sequences.</param>
/// <param name="BlockMillijoulesPerTokenAt16">MoE blocks: the measured cost table applied to real selections.</param>
/// <param name="BlockSavingPercent">Against the baseline; negative is a loss.</param>
/// <param name="ModelMillijoulesPerTokenAt16">Attention, cache and head included, derived from bytes.</param>
/// <param name="ModelSavingPercent">Against the baseline.</param>
/// <param name="FleetMillijoulesPerToken">All joules of all GPUs, idle time included, over all tokens.</param>
/// <param name="FleetSavingPercent">Against the baseline.</param>
/// <param name="Tokens">Tokens decoded.</param>
/// <param name="HottestRackRiseCelsius">Mean rise of the hottest rack above idling, second half.</param>
/// <param name="RiseSavingPercent">Against the baseline.</param>
/// <param name="GreatestCelsius">Greatest die temperature.</param>
/// <param name="ThermalThrottleGpuSeconds">GPU-seconds slowed for heat.</param>
/// <param name="RetainedMass">Mean share of gate mass that tokens kept.</param>
/// <param name="LeastRetainedMass">Least share that any token kept.</param>
internal sealed record FleetRow(
    string Arm,
    double DistinctAt16,
    double BlockMillijoulesPerTokenAt16,
    double BlockSavingPercent,
    double ModelMillijoulesPerTokenAt16,
    double ModelSavingPercent,
    double FleetMillijoulesPerToken,
    double FleetSavingPercent,
    double Tokens,
    double HottestRackRiseCelsius,
    double RiseSavingPercent,
    double GreatestCelsius,
    double ThermalThrottleGpuSeconds,
    double RetainedMass,
    double LeastRetainedMass)
{
    public static FleetRow Of(ArmReport arm, ArmReport baseline) => new(
        arm.Name,
        arm.DistinctAt16,
        arm.BlockJoulesPerTokenAt16 * 1000,
        Saving(arm.BlockJoulesPerTokenAt16, baseline.BlockJoulesPerTokenAt16),
        arm.JoulesPerTokenAt16 * 1000,
        Saving(arm.JoulesPerTokenAt16, baseline.JoulesPerTokenAt16),
        arm.FleetJoulesPerToken * 1000,
        Saving(arm.FleetJoulesPerToken, baseline.FleetJoulesPerToken),
        arm.Work.Tokens,
        arm.HottestRackRiseCelsius,
        Saving(arm.HottestRackRiseCelsius, baseline.HottestRackRiseCelsius),
        arm.GreatestCelsius,
        arm.ThermalThrottleSeconds,
        arm.RetainedMass,
        arm.LeastRetainedMass);

    public static double Saving(double steered, double baseline) => 100 * (1 - (steered / baseline));
}
