using EnergyTTT.Routing.Biases;
using EnergyTTT.Routing.FastWeights;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Routing.Tests.FastWeights;
using EnergyTTT.Routing.Tests.Losses;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Telemetry;
using TorchSharp;

namespace EnergyTTT.Routing.Tests.Learning;

public sealed class RouterLearnerTests
{
    [Fact]
    public void A_fresh_learner_is_the_baseline()
    {
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(1)));

        Assert.True(learner.Epoch.IsNeutral);
        Assert.Equal(0, learner.Epoch.Number);
        Assert.Equal(0, learner.Statistics.Gamma);
    }

    [Theory]
    [InlineData("EnergyAwareTTT")]
    [InlineData("KernelAwareTTHA")]
    [InlineData("StaticOptimal")]
    [InlineData("MultiGpuAware")]
    [InlineData("PredictiveThermal")]
    [InlineData("StatisticalLoadBalancing")]
    [InlineData("DynamicRerouting")]
    public void With_equal_costs_the_bias_stays_zero_for_ever(string strategy)
    {
        // Invariant 19, second half.
        using var learner = new RouterLearner(Windows.Options() with { Strategy = StrategyCatalogue.Find(strategy) });

        for (var i = 0; i < 60; i++)
        {
            var epoch = learner.Observe(Windows.Window(i, learner.Epoch.Bias.AsSpan())).Epoch;
            Assert.True(epoch.Bias.Max(Math.Abs) < 1e-3, $"window {i}: {epoch.Bias.Max(Math.Abs)}");
        }
    }

    [Fact]
    public void Equal_costs_of_reading_stay_without_a_price_while_usage_is_even()
    {
        // The marginal price of an expert depends on its popularity; sampling noise of an even gate must not become a price.
        var options = Windows.Options() with
        {
            Costs = new([.. Enumerable.Repeat(2.3e-3, 16)], [.. Enumerable.Repeat(1e-5, 16)], [.. Enumerable.Repeat(3e-3, 16)], [.. Enumerable.Repeat(1e-5, 16)]),
        };
        using var learner = new RouterLearner(options);

        for (var i = 0; i < 120; i++)
        {
            var outcome = learner.Observe(Windows.Window(i, learner.Epoch.Bias.AsSpan()) with { BatchTokens = 16 });
            Assert.True(outcome.Epoch.Bias.Max(Math.Abs) < 1e-3, $"window {i}: {outcome.Statistics}");
        }

        Assert.Equal(PriceStatus.NoExploitableHeterogeneity, learner.Statistics.Prices);
    }

    [Fact]
    public void With_different_costs_the_expected_price_falls_and_stays_within_five_percent_of_the_exact_tilt()
    {
        // Invariant 19, first half.
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(3)));
        for (var i = 0; i < 100; i++)
            learner.Observe(Windows.Window(i, learner.Epoch.Bias.AsSpan()));

        var sample = new GateSample(Windows.Experts);
        sample.Add(Gates.Logits(2_000, Windows.Experts, 99));
        var costs = learner.Options.Costs!.SlotJoules;
        var prices = new double[Windows.Experts];
        ExpertPrices.Standardise(costs, [], prices);
        var (mean, atRest, exact) = (new double[Windows.Experts], new double[Windows.Experts], new double[Windows.Experts]);
        var divergence = Tilt.Mean(sample.Rows, [.. learner.Epoch.Bias.Select(b => (double)b)], mean);
        Tilt.Mean(sample.Rows, new double[Windows.Experts], atRest);
        var lambda = ExactTilt.Solve(sample, prices, divergence, 100);
        Tilt.Mean(sample.Rows, [.. prices.Select(c => -lambda * c)], exact);
        double Price(double[] q) => q.Zip(prices).Sum(pair => pair.First * pair.Second);

        Assert.True(learner.Statistics.UpdateCount > 10);
        Assert.True(divergence > 1e-3);
        Assert.True(Price(atRest) - Price(mean) >= 0.95 * (Price(atRest) - Price(exact)), $"{Price(atRest)} {Price(mean)} {Price(exact)}");
    }

    [Fact]
    public void The_bias_keeps_its_spread_and_sum_and_moves_by_no_more_than_its_step_whatever_is_reported()
    {
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(5)));
        var random = new Random(1);
        for (var i = 0; i < 60; i++)
        {
            var before = learner.Epoch.Bias;
            var window = Windows.Window(i);
            var logits = window.GateLogits.ToArray();
            for (var n = 0; n < 200; n++)
                logits[random.Next(logits.Length)] = n % 4 == 0 ? float.NaN : n % 4 == 1 ? float.PositiveInfinity : n % 4 == 2 ? float.NegativeInfinity : 1e30f;
            var after = learner.Observe(window with
            {
                GateLogits = logits, JoulesPerToken = i % 2 == 0 ? double.NaN : double.PositiveInfinity,
                Devices = [Windows.Device(window.Time, double.NaN, forecast: double.PositiveInfinity)],
            }).Epoch.Bias;

            Assert.True(Math.Abs(after.Sum(b => (double)b)) < 1e-5);
            Assert.True(BiasAssembly.Spread(after.AsSpan()) <= 0.4);
            Assert.True(before.Zip(after).All(pair => Math.Abs(pair.First - pair.Second) <= 0.05 + 1e-6));
        }
    }

    [Fact]
    public void An_epoch_speaks_with_weights_of_earlier_chunks_only()
    {
        // Invariant 15: two learners whose fast weights differ only by what window i taught give the same epoch after window i.
        using var learns = new RouterLearner(Windows.Options(Windows.Factors(2)));
        using var paused = new RouterLearner(Windows.Options(Windows.Factors(2)));
        for (var i = 0; i < 31; i++)
            learns.Observe(Windows.Window(i));
        paused.Restore(learns.Snapshot());

        // Simulated telemetry has no validity: the same window then teaches nothing.
        var window = Windows.Window(31);
        var one = learns.Observe(window);
        var other = paused.Observe(window with { Devices = [Windows.Device(window.Time, origin: Origin.Simulated)] });

        Assert.True(one.Updated);
        Assert.False(other.Updated);
        Assert.Equal(one.Epoch.Bias.ToArray(), other.Epoch.Bias.ToArray());
        Assert.NotEqual(learns.Snapshot().Weights!.Outputs, paused.Snapshot().Weights!.Outputs);
    }

    [Theory]
    [InlineData(2_048, 512, 1.0, 256, 24, 9)] // Full after 8 windows of 256; then every second window.
    [InlineData(2_048, 2_048, 1.0, 256, 24, 3)]
    [InlineData(2_048, 512, 5.0, 256, 24, 4)] // Windows 7, 12, 17 and 22: the interval rules.
    [InlineData(4_096, 512, 1.0, 256, 24, 5)]
    [InlineData(2_048, 512, 1.0, 2_048, 6, 6)]
    public void Updates_run_when_the_chunk_is_full_and_enough_tokens_and_time_have_passed(int chunk, int frequency, double seconds, int tokens, int windows, int updates)
    {
        // Invariant 16.
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(2)) with { ChunkSize = chunk, UpdateFrequency = frequency, UpdateInterval = TimeSpan.FromSeconds(seconds) });
        var applied = 0;
        for (var i = 0; i < windows; i++)
            applied += learner.Observe(Windows.Window(i) with { Tokens = tokens }).Updated ? 1 : 0;

        Assert.Equal(updates, applied);
        Assert.Equal(updates, learner.Statistics.UpdateCount);
        Assert.Equal(updates, learner.Snapshot().Weights!.Step);
        Assert.Equal((long)tokens * windows, learner.Statistics.TokensSeen);
    }

    [Theory]
    [InlineData(Origin.Simulated, 0)]
    [InlineData(Origin.Modelled, 0)]
    [InlineData(Origin.Measured, 10)]
    public void Stale_or_simulated_telemetry_teaches_nothing(Origin origin, double ageSeconds)
    {
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(2)));
        for (var i = 0; i < 30; i++)
        {
            var window = Windows.Window(i);
            var outcome = learner.Observe(window with { Devices = [Windows.Device(window.Time.AddSeconds(-ageSeconds), origin: origin)] });
            Assert.False(outcome.Updated);
        }

        Assert.Equal(0, learner.Statistics.Validity);
        Assert.Equal(0, learner.Statistics.Gamma);
        Assert.NotNull(learner.Statistics.UpdateRefusal);
    }

    [Fact]
    public void Going_on_from_a_snapshot_equals_never_having_stopped()
    {
        // Invariant 30.
        using var whole = new RouterLearner(Windows.Options(Windows.Factors(4)));
        using var resumed = new RouterLearner(Windows.Options(Windows.Factors(4)));
        for (var i = 0; i < 40; i++)
        {
            if (i == 23)
                resumed.Restore(whole.Snapshot());
            var window = Windows.Window(i) with { JoulesPerToken = 1.0 / (i + 1), Observed = new() { PowerWatts = 300 } };
            var outcome = whole.Observe(window);
            if (i < 23)
                continue;
            var again = resumed.Observe(window);
            Assert.Equal(outcome.Epoch.Bias.ToArray(), again.Epoch.Bias.ToArray());
            Assert.Equal(outcome.Epoch.Number, again.Epoch.Number);
            Assert.Equal(outcome.Updated, again.Updated);
            Assert.Equal(outcome.Statistics.TokensSinceUpdate, again.Statistics.TokensSinceUpdate);
            Assert.Equal(outcome.Statistics.Gamma, again.Statistics.Gamma, 1e-6);
            Assert.Equal(outcome.Statistics.Lambda, again.Statistics.Lambda, 1e-9);
            Assert.Equal(outcome.Statistics.EnergyMultiplier, again.Statistics.EnergyMultiplier, 1e-12);
        }

        FastWeightNetworkTests.AssertSame(whole.Snapshot().Weights!, resumed.Snapshot().Weights!);
        Assert.True(whole.Statistics.UpdateCount > 10);
    }

    [Fact]
    public void Two_increases_of_the_measured_objective_roll_the_weights_back()
    {
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(4)) with { UpdateFrequency = 256, UpdateInterval = TimeSpan.Zero });
        double[] objective = [.. Enumerable.Repeat(5.0, 9), 4, 4.5, 4.4, 4.6, 4.7, 4.6];
        FastWeightState? promoted = null;
        for (var i = 0; i < objective.Length; i++)
        {
            // The weights in force while the objective was lowest before the two increases (window 11).
            if (i == 11)
                promoted = learner.Snapshot().Weights;
            learner.Observe(Windows.Window(i) with { JoulesPerToken = objective[i] });
            if (i == 13)
            {
                Assert.Equal(1, learner.Statistics.Rollbacks);
                FastWeightNetworkTests.AssertSame(promoted!, learner.Snapshot().Weights!);
                Assert.Equal(0, learner.Statistics.Gamma);
            }
        }

        Assert.Equal(1, learner.Statistics.Rollbacks);
    }

    [Fact]
    public void A_learner_that_costs_more_than_its_share_of_the_saving_goes_quiet()
    {
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(4)));
        for (var i = 0; i < 30; i++)
            learner.Observe(Windows.Window(i));
        Assert.True(learner.Statistics.OwnJoules > 0);
        Assert.False(learner.Statistics.FastWeightsOff);

        learner.Observe(Windows.Window(30) with { SavedJoules = learner.Statistics.OwnJoules * 100 });
        Assert.True(learner.Statistics.FastWeightsOff);
        Assert.Equal(0, learner.Observe(Windows.Window(31)).Statistics.Gamma);

        learner.Observe(Windows.Window(32) with { SavedJoules = learner.Statistics.OwnJoules * 10_000 });
        Assert.False(learner.Statistics.FastWeightsOff);
    }

    [Fact]
    public void Without_a_gate_sample_the_mean_probabilities_serve_and_the_learner_says_so()
    {
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(4)));
        for (var i = 0; i < 12; i++)
        {
            var window = Windows.Window(i);
            var outcome = learner.Observe(window with { GateLogits = default, MeanGateProbability = Enumerable.Repeat(1f / 16, 16).ToArray() });
            Assert.False(outcome.Statistics.SawGates);
        }

        Assert.False(learner.Epoch.IsNeutral);
        Assert.True(learner.Observe(Windows.Window(20)).Statistics.SawGates);
    }

    [Fact]
    public void Exported_weights_come_back_and_wrong_ones_leave_the_learner_neutral()
    {
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(4)));
        for (var i = 0; i < 30; i++)
            learner.Observe(Windows.Window(i));
        var (blob, sidecar) = learner.Export("router/qwen/17", "rev-1", 17);
        using var other = new RouterLearner(Windows.Options(Windows.Factors(4)));
        var fresh = other.Snapshot().Weights!;

        Assert.Contains("another blob", other.Import([.. blob, 0], sidecar, "rev-1"), StringComparison.Ordinal);
        Assert.Contains("rev-2", other.Import(blob, sidecar, "rev-2"), StringComparison.Ordinal);
        Assert.Contains("projected differently", other.Import(blob, sidecar with { ProjectionDigest = "x" }, "rev-1"), StringComparison.Ordinal);
        Assert.NotNull(other.Import(blob, sidecar with { StandardiserMean = [double.NaN] }, "rev-1"));
        FastWeightNetworkTests.AssertSame(fresh, other.Snapshot().Weights!);
        Assert.True(other.Epoch.IsNeutral);

        Assert.Null(other.Import(blob, sidecar, "rev-1"));
        FastWeightNetworkTests.AssertSame(learner.Snapshot().Weights!, other.Snapshot().Weights!);
        Assert.Equal(0, other.Statistics.Gamma);
    }

    [Fact]
    public void A_learner_that_goes_on_from_exported_weights_counts_on_and_never_goes_back_behind_them()
    {
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(4)) with { UpdateFrequency = 256, UpdateInterval = TimeSpan.Zero });
        for (var i = 0; i < 16; i++)
            learner.Observe(Windows.Window(i) with { JoulesPerToken = i < 12 ? 5 : i });
        Assert.True(learner.Statistics.Rollbacks > 0);
        var (blob, sidecar) = learner.Export("router/qwen/17", "rev-1", 17);
        Assert.True(learner.Snapshot().Weights!.Step < learner.Statistics.UpdateCount);
        using var other = new RouterLearner(learner.Options);

        Assert.Null(other.Import(blob, sidecar, "rev-1"));
        Assert.Equal((learner.Statistics.UpdateCount, learner.Statistics.TokensSeen), (other.Statistics.UpdateCount, other.Statistics.TokensSeen));

        // A chunk of its own comes first; then two increases go back to what was taken over.
        var (tokens, chosen) = (other.Statistics.TokensSeen, other.Snapshot().Weights!);
        for (var i = 0; other.Statistics.Rollbacks == 0; i++)
        {
            var outcome = other.Observe(Windows.Window(i) with { JoulesPerToken = 5 + i });
            Assert.False(outcome.Updated && outcome.Statistics.TokensSeen - tokens < other.Options.ChunkSize);
            Assert.True(i < 100);
        }

        FastWeightNetworkTests.AssertSame(chosen, other.Snapshot().Weights!);
        Assert.Null(learner.Import(blob, sidecar with { UpdateCount = null }, "rev-1"));
        Assert.True(learner.Statistics.UpdateCount < other.Statistics.UpdateCount);
    }

    [Fact]
    public void Wrong_lengths_are_all_listed_and_change_nothing()
    {
        using var learner = new RouterLearner(Windows.Options());
        var window = Windows.Window(0);

        var refused = Assert.Throws<ArgumentException>(() => learner.Observe(window with { Tokens = 0, ExpertCounts = new long[3], GateLogits = new float[17], MeanGateProbability = new float[2] }));

        Assert.Contains("0 tokens", refused.Message, StringComparison.Ordinal);
        Assert.Contains("3 counts for 16 experts", refused.Message, StringComparison.Ordinal);
        Assert.Contains("17 gate logits", refused.Message, StringComparison.Ordinal);
        Assert.Contains("2 mean gate probabilities", refused.Message, StringComparison.Ordinal);
        Assert.Equal(0, learner.Statistics.TokensSeen);
        Assert.Contains("ttt_chunk_size is 100", Assert.Throws<ArgumentException>(() => new RouterLearner(Windows.Options() with { ChunkSize = 100 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_engine_that_adds_scores_gets_a_bias_in_scores()
    {
        var shape = new SelectorShape(16, 4, GateKind.Sigmoid, biasSpace: BiasSpace.SigmoidScore);
        using var logit = new RouterLearner(Windows.Options(Windows.Factors(4)) with { Shape = new(16, 4, GateKind.Sigmoid), Strategy = StrategyCatalogue.StaticOptimal });
        using var score = new RouterLearner(Windows.Options(Windows.Factors(4)) with { Shape = shape, Strategy = StrategyCatalogue.StaticOptimal });

        var inLogits = logit.Observe(Windows.Window(0)).Epoch;
        var inScores = score.Observe(Windows.Window(0)).Epoch;

        // The fourth largest of 16 sigmoids of normal logits lies near .7.
        Assert.Equal(BiasSpace.SigmoidScore, inScores.BiasSpace);
        Assert.All(inLogits.Bias.Zip(inScores.Bias), pair => Assert.Equal(0.7 * pair.First, pair.Second, 0.004));
    }

    [Fact]
    public void The_chunk_is_bounded_and_fair()
    {
        var buffer = new ChunkBuffer(experts: 2, inputs: 1, capacity: 64, seed: 3);
        var rows = new GateSample(2);
        for (var step = 1; step <= 200; step++)
        {
            rows.Clear();
            for (var i = 0; i < 10; i++)
                rows.AddProbabilities([0.5f, 0.5f]);
            buffer.Add(rows, [step], step);
        }

        Assert.Equal(64, buffer.Count);
        // 200 steps had the same chance: the mean step of a fair sample is 100 with a standard error of 7.
        Assert.Equal(100, Enumerable.Range(0, 64).Average(row => buffer.Features(row)[0]), 28f);
        buffer.Expire(150);
        Assert.All(Enumerable.Range(0, buffer.Count), row => Assert.True(buffer.Features(row)[0] > 150));
        Assert.Equal(buffer.Steps().Sum(step => step.Length), buffer.Count);
    }

    [Fact]
    public void Following_a_policy_of_other_targets_keeps_what_was_learned_and_a_new_epoch_carries_its_version()
    {
        var options = Windows.Options(Windows.Factors(4)) with { Spread = 0.4, PolicyVersion = 7 };
        using var learner = new RouterLearner(options);
        for (var i = 0; i < 12; i++)
            learner.Observe(Windows.Window(i, learner.Epoch.Bias.AsSpan()));
        var (before, weights) = (learner.Epoch, learner.Snapshot());
        var spread = before.Bias.Max() - before.Bias.Min();
        Assert.True(spread > 0.01, $"nothing was learned: {spread}");

        var followed = learner.Follow(options with { PolicyVersion = 8, Spread = spread / 2, EpochLife = TimeSpan.FromSeconds(20) });

        var after = learner.Epoch;
        Assert.True(followed);
        Assert.Equal(8, after.PolicyVersion);
        Assert.True(after.Number > before.Number);
        Assert.InRange(after.Bias.Max() - after.Bias.Min(), 0.99 * spread / 2, 1.01 * spread / 2);
        Assert.InRange(after.Bias.Sum(), -1e-4f, 1e-4f);
        Assert.Equal(weights.TokensSinceUpdate, learner.Snapshot().TokensSinceUpdate);
        Assert.Equal(before.Bias.Select((bias, expert) => (bias, expert)).MaxBy(pair => pair.bias).expert, after.Bias.Select((bias, expert) => (bias, expert)).MaxBy(pair => pair.bias).expert);
    }

    [Fact]
    public void Another_shape_or_kernel_or_network_is_not_followed_but_begun_anew_and_changes_nothing_meanwhile()
    {
        var options = Windows.Options(Windows.Factors(4));
        using var learner = new RouterLearner(options);
        learner.Observe(Windows.Window(0));
        var before = learner.Epoch;

        Assert.False(learner.Follow(options with { Shape = new(Windows.Experts, Windows.TopK + 1) }));
        Assert.False(learner.Follow(options with { HiddenUnits = 32 }));
        Assert.False(learner.Follow(options with { Costs = Windows.Uniform() with { CalibrationId = "another" } }));
        Assert.ThrowsAny<ArgumentException>(() => learner.Follow(options with { Spread = -1 }));

        Assert.Same(before, learner.Epoch);
    }

    [Fact]
    public void No_tensor_is_left_behind()
    {
        using var learner = new RouterLearner(Windows.Options(Windows.Factors(4)));
        for (var i = 0; i < 12; i++)
            learner.Observe(Windows.Window(i));
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 12; i < 30; i++)
            learner.Observe(Windows.Window(i));

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
