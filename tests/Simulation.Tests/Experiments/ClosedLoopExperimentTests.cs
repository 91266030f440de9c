using EnergyTTT.Simulation.Experiments;
using EnergyTTT.Simulation.Fleets;
using Xunit;

namespace EnergyTTT.Simulation.Tests.Experiments;

/// <summary>Ten simulated minutes of mixed, drifting domains at the same offered load; docs/measurements/simulated-fleet.md has the table.</summary>
public sealed class ClosedLoopExperimentTests
{
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task Energy_aware_steering_saves_joules_and_heat_at_the_same_offered_tokens_and_keeps_every_token()
    {
        var baseline = await ClosedLoopExperiment.RunAsync(FleetArm.Baseline, SimulatedFleetOptions.Demo, TenMinutes);
        var steered = await ClosedLoopExperiment.RunAsync(FleetArm.EnergyAware(0.95), SimulatedFleetOptions.Demo, TenMinutes);

        // The same load was offered; a baseline that throttles falls behind, a steered fleet must not.
        Assert.InRange(steered.Work.Tokens / baseline.Work.Tokens, 1, 1.02);
        Assert.True(Saving(steered.BlockJoulesPerTokenAt16, baseline.BlockJoulesPerTokenAt16) >= 25, $"MoE at 16: {Saving(steered.BlockJoulesPerTokenAt16, baseline.BlockJoulesPerTokenAt16):F1} %");
        Assert.True(Saving(steered.JoulesPerTokenAt16, baseline.JoulesPerTokenAt16) >= 25, $"model at 16: {Saving(steered.JoulesPerTokenAt16, baseline.JoulesPerTokenAt16):F1} %");
        Assert.True(Saving(steered.FleetJoulesPerToken, baseline.FleetJoulesPerToken) >= 15, $"with idle: {Saving(steered.FleetJoulesPerToken, baseline.FleetJoulesPerToken):F1} %");
        Assert.True(Saving(steered.HottestRackRiseCelsius, baseline.HottestRackRiseCelsius) >= 40, $"rise {steered.HottestRackRiseCelsius:F1} against {baseline.HottestRackRiseCelsius:F1} °C");
        Assert.True(baseline.ThermalThrottleSeconds > 60, $"the baseline was slowed for {baseline.ThermalThrottleSeconds} GPU s");
        Assert.Equal(0, steered.ThermalThrottleSeconds);
        Assert.InRange(steered.LeastRetainedMass, 0.95, 1);
        Assert.Equal(1, baseline.LeastRetainedMass, 9);
    }

    [Fact]
    public async Task Two_runs_of_the_same_arm_show_no_saving()
    {
        var first = await ClosedLoopExperiment.RunAsync(FleetArm.Baseline, new(), TenMinutes);
        var second = await ClosedLoopExperiment.RunAsync(FleetArm.Baseline, new() { LoadSeed = 2 }, TenMinutes);

        var differences = first.JoulesPerTokenByMinute.Zip(second.JoulesPerTokenByMinute, (a, b) => Math.Log(b / a)).ToList();
        var mean = differences.Average();
        var deviation = Math.Sqrt(differences.Sum(difference => (difference - mean) * (difference - mean)) / (differences.Count - 1));
        // Student's t for 9 degrees of freedom, two-sided 95 %.
        var half = 2.262 * deviation / Math.Sqrt(differences.Count);

        Assert.Equal(10, differences.Count);
        Assert.InRange(0, mean - half, mean + half);
        Assert.InRange(mean, -0.01, 0.01);
    }

    [Fact]
    public async Task Each_lever_alone_does_its_own_part()
    {
        var options = new SimulatedFleetOptions();
        var minutes = TimeSpan.FromMinutes(5);
        var baseline = await ClosedLoopExperiment.RunAsync(FleetArm.Baseline, options, minutes);
        var consolidation = await ClosedLoopExperiment.RunAsync(FleetArm.ConsolidationOnly(0.95), options, minutes);
        var affinity = await ClosedLoopExperiment.RunAsync(FleetArm.AffinityOnly, options, minutes);
        var heat = await ClosedLoopExperiment.RunAsync(FleetArm.HeatOnly, options, minutes);

        Assert.InRange(Saving(consolidation.BlockJoulesPerTokenAt16, baseline.BlockJoulesPerTokenAt16), 15, 30);
        Assert.InRange(Saving(affinity.BlockJoulesPerTokenAt16, baseline.BlockJoulesPerTokenAt16), 2, 12);
        Assert.InRange(Saving(heat.BlockJoulesPerTokenAt16, baseline.BlockJoulesPerTokenAt16), -1, 1);
        Assert.InRange(Saving(heat.HottestRackRiseCelsius, baseline.HottestRackRiseCelsius), 20, 60);
        Assert.InRange(Saving(affinity.HottestRackRiseCelsius, baseline.HottestRackRiseCelsius), -10, 15);
        // Placement alone touches no token's choice.
        Assert.Equal(1, affinity.LeastRetainedMass, 9);
        Assert.Equal(1, heat.LeastRetainedMass, 9);
    }

    private static double Saving(double steered, double baseline) => 100 * (1 - (steered / baseline));
}
