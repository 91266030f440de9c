using System.Collections.Immutable;
using EnergyTTT.Grains.Backtests;
using EnergyTTT.History.Backtests;
using EnergyTTT.History.Deployments;
using EnergyTTT.Wire.Backtests;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;
using Xunit;

namespace EnergyTTT.Grains.Tests.Backtests;

public sealed class DeploymentReplayTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);
    private static readonly EffectivePolicy InForce = EffectivePolicy.Defaults with { Mode = SteeringMode.Enforce, HoldOutShare = 0 };

    [Fact]
    public void The_same_policy_on_both_sides_gives_the_same_numbers_and_reaches_no_router()
    {
        var row = Replay(Record(noise: 0.02)).Run(_ => InForce, _ => InForce with { Version = 9 });

        Assert.Equal(row.Current, row.Draft);
        Assert.Equal(0, row.RoutersAffected);
    }

    [Fact]
    public void A_lower_bound_of_mass_is_foretold_to_take_fewer_joules_and_less_mass_by_the_deployments_own_measure()
    {
        var row = Replay(Record(noise: 0)).Run(_ => InForce, _ => InForce with { RetainedMassMin = 0.9 });

        // 0.015 are lost where a token may lose 0.05; twice as much may cost 2^1.3 as much.
        Assert.Equal(0.985, row.Current.RetainedMass!.Value, 3);
        Assert.Equal(1 - (0.015 * Math.Pow(2, 1.3)), row.Draft.RetainedMass!.Value, 3);
        Assert.True(row.Draft.DistinctExperts < row.Current.DistinctExperts);
        Assert.Equal(4, row.RoutersAffected);

        // 1 W less is 0.1 degrees less in this record, and a draft that changes nothing about joules leaves the measured power alone.
        Assert.Equal(300, Replay(Record(noise: 0)).Run(_ => InForce, _ => InForce).Current.Watts!.Value, 0);
        Assert.True(row.Error.JoulesPerTokenPercent < 1, $"{row.Error}");
    }

    [Fact]
    public void Without_steering_the_whole_mass_is_kept_and_nothing_is_steered()
    {
        var row = Replay(Record(noise: 0)).Run(_ => InForce, _ => InForce with { Mode = SteeringMode.Observe });

        Assert.Equal((0, 1), (row.Draft.SteeredShare, row.Draft.RetainedMass));
        Assert.True(row.Draft.DistinctExperts > row.Current.DistinctExperts);
    }

    [Fact]
    public void A_noisy_record_says_that_the_model_is_wrong_by_about_the_noise_and_a_short_one_says_nothing()
    {
        var noisy = Replay(Record(noise: 0.1)).Run(_ => InForce, _ => InForce).Error;
        var shorter = Replay(Record(noise: 0, stretches: 2)).Run(_ => InForce, _ => InForce).Error;

        Assert.InRange(noisy.JoulesPerTokenPercent!.Value, 1, 12);
        Assert.Equal(new BacktestError(), shorter);
    }

    private static DeploymentReplay Replay(UsageRecord record) => new(
        new StoredDeployment(1, "d", 1, new() { Model = "m", Layers = 4, Experts = 16, TopK = 2, Gate = GateFunction.Softmax, BiasSpace = BiasSpace.Logit, Replicas = [new() { Id = "a", Gpus = ["g1", "g2"] }] }), record, null, _ => InForce);

    /// <summary>Steered stretches with a held-out one after every third; 40 % fewer experts, 1.5 % of the mass lost, 0.5 J/token against 0.6.</summary>
    private static UsageRecord Record(double noise, int stretches = 24)
    {
        var random = new Random(1);
        ImmutableArray<double> demand = [.. Enumerable.Range(0, 16).Select(expert => 2.0 * (expert + 1) / 136)];
        var rows = Enumerable.Range(0, stretches).Select(i =>
        {
            var held = i % 4 == 3;
            var factor = 1 + (noise * ((2 * random.NextDouble()) - 1));
            return new UsageStretch(Start.AddMinutes(5 * i), held, 100, 160_000, 10_000, 160_000 * 0.5 * factor, held ? 13 : 7.8, held ? 1 : 0.985, held ? 0 : 5);
        });
        return new([.. rows], [demand, demand, demand, demand], [.. Enumerable.Range(0, stretches).Select(i => new TelemetryStretch(Start.AddMinutes(5 * i), 300 + (10 * (i % 3)) - 10, 60 + (i % 3) - 1))]);
    }
}
