using EnergyTTT.Evidence.Intervals;
using EnergyTTT.Simulation.Experiments;

namespace EnergyTTT.Cli.Fleets;

/// <summary>One bar of the closed loop.</summary>
/// <param name="Name">What is asked.</param>
/// <param name="Value">What was found.</param>
/// <param name="Wanted">What is wanted.</param>
/// <param name="Held">Whether it is so.</param>
internal sealed record FleetBar(string Name, double Value, string Wanted, bool Held)
{
    /// <summary>All bars of a baseline, a second baseline with another load, and the steered fleet.</summary>
    public static List<FleetBar> All(ArmReport baseline, ArmReport again, ArmReport steered, double guard)
    {
        var blocks = FleetRow.Saving(steered.BlockJoulesPerTokenAt16, baseline.BlockJoulesPerTokenAt16);
        var model = FleetRow.Saving(steered.JoulesPerTokenAt16, baseline.JoulesPerTokenAt16);
        var rise = FleetRow.Saving(steered.HottestRackRiseCelsius, baseline.HottestRackRiseCelsius);
        double[] ratios = [.. baseline.JoulesPerTokenByMinute.Zip(again.JoulesPerTokenByMinute, (a, b) => 100 * Math.Log(b / a))];
        var paired = MeanInterval.TwoSided(ratios, 0.99);

        return
        [
            new("modelled J/token of MoE blocks at 16 sequences, saved %", blocks, ">= 25", blocks >= 25),
            new("modelled J/token of the whole model at 16 sequences, saved %", model, ">= 25", model >= 25),
            new("temperature rise of the hottest rack, saved %", rise, ">= 40", rise >= 40),
            new("GPU seconds slowed for heat, baseline", baseline.ThermalThrottleSeconds, "> 0", baseline.ThermalThrottleSeconds > 0),
            new("GPU seconds slowed for heat, steered", steered.ThermalThrottleSeconds, "0", steered.ThermalThrottleSeconds == 0),
            new("least retained mass of any token", steered.LeastRetainedMass, $">= {guard:0.00##}", steered.LeastRetainedMass >= guard - 1e-6),
            new("tokens of the steered fleet over the baseline's", steered.Work.Tokens / baseline.Work.Tokens, ">= 1", steered.Work.Tokens >= baseline.Work.Tokens),
            new("A/A difference of paired minutes, %", paired.Mean, $"99 % interval {paired.Low:0.00} to {paired.High:0.00} covers 0", paired.Low <= 0 && paired.High >= 0),
        ];
    }
}
