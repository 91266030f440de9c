using EnergyTTT.Routing.Feedback;

namespace EnergyTTT.Routing.Tests.Feedback;

public sealed class FeatureExtractorTests
{
    private const int Experts = 16;

    private static readonly TelemetryFeatures WholeTelemetry = new()
    {
        PowerRatio = 0.7, TemperatureCelsius = 60, MemoryTemperatureCelsius = 70, ThermalMarginCelsius = 25, ForecastRiseCelsius = 2, Urgency = 1.2, UtilizationRatio = 0.9, MemoryActivityRatio = 0.5,
        MemoryUsedRatio = 0.4, SmClockGigahertz = 1.98, LogJoulesPerToken = -4, LogLatencyMilliseconds = 1.4,
    };

    [Fact]
    public void A_vector_has_64_numbers_of_length_1_and_steps_differ()
    {
        var extractor = new FeatureExtractor(Experts);
        float[] first = new float[64], second = new float[64];
        for (var step = 0; step < 20; step++)
        {
            Extract(extractor, step, first);
        }

        Assert.Equal(FeatureMask.None, Extract(extractor, 20, second));

        Assert.Equal(1, Math.Sqrt(second.Sum(x => (double)x * x)), 1e-4);
        Assert.True(first.Zip(second, (a, b) => Math.Abs(a - b)).Sum() > 0.1);
    }

    [Fact]
    public void Nothing_at_all_sets_every_bit()
    {
        var mask = new FeatureExtractor(Experts).Extract(new StepFeedback(), new float[64]);

        Assert.Equal(FeatureMask.All, mask);
    }

    [Fact]
    public void Each_missing_block_has_its_own_bit_and_leaves_the_vector_finite()
    {
        foreach (var missing in new[] { FeatureMask.Counts, FeatureMask.GateProbability, FeatureMask.MarginalCost, FeatureMask.Gradients, FeatureMask.Activations, FeatureMask.Loss, FeatureMask.Telemetry })
        {
            var extractor = new FeatureExtractor(Experts);
            var features = new float[64];
            for (var step = 0; step < 10; step++)
            {
                Extract(extractor, step, features);
            }

            Assert.Equal(missing, Extract(extractor, 10, features, missing));
            Assert.All(features, f => Assert.True(float.IsFinite(f)));
        }
    }

    [Fact]
    public void A_missing_sensor_is_the_running_mean_and_not_0()
    {
        // A card at 60 degrees whose sensor falls silent must look as it does at 60 degrees, not as at 0.
        double silent = Distance(null), zero = Distance(0);

        Assert.True(silent < 0.75 * zero, $"{silent} against {zero}");

        static double Distance(double? celsius)
        {
            var extractor = new FeatureExtractor(Experts);
            float[] usual = new float[64], now = new float[64];
            for (var step = 0; step < 200; step++)
            {
                Extract(extractor, step, usual, telemetry: WholeTelemetry with { TemperatureCelsius = 60 + Math.Sin(step) });
            }

            var other = new FeatureExtractor(Experts);
            for (var step = 0; step < 199; step++)
            {
                Extract(other, step, now, telemetry: WholeTelemetry with { TemperatureCelsius = 60 + Math.Sin(step) });
            }

            Extract(other, 199, now, telemetry: WholeTelemetry with { TemperatureCelsius = celsius });
            return Math.Sqrt(usual.Zip(now, (a, b) => (a - b) * (double)(a - b)).Sum());
        }
    }

    [Fact]
    public void The_unit_of_prices_does_not_matter()
    {
        float[] joules = new float[64], millijoules = new float[64];
        FeatureExtractor a = new(Experts), b = new(Experts);
        double[] prices = [.. Enumerable.Range(0, Experts).Select(e => 1e-3 * (1 + e))], scaled = [.. prices.Select(p => 1000 * p)];
        for (var step = 0; step < 5; step++)
        {
            a.Extract(new StepFeedback { MarginalJoules = prices, ExpertCounts = Counts(step) }, joules);
            b.Extract(new StepFeedback { MarginalJoules = scaled, ExpertCounts = Counts(step) }, millijoules);
        }

        Assert.All(joules.Zip(millijoules), p => Assert.Equal(p.First, p.Second, 1e-5f));
    }

    [Fact]
    public void A_block_of_another_length_is_refused_by_name()
    {
        var error = Assert.Throws<ArgumentException>(() => new FeatureExtractor(Experts).Extract(new StepFeedback { ExpertCounts = new long[15] }, new float[64]));

        Assert.Contains("15 counts for 16 experts", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_expert_that_the_gate_never_wants_is_no_infinity()
    {
        var features = new float[64];
        var gate = new float[Experts];
        gate[3] = 1;
        var extractor = new FeatureExtractor(Experts);
        extractor.Extract(new StepFeedback { MeanGateProbability = gate }, features);

        extractor.Extract(new StepFeedback { MeanGateProbability = gate }, features);

        Assert.All(features, f => Assert.True(float.IsFinite(f)));
    }

    [Fact]
    public void Nothing_is_allocated_per_step()
    {
        var extractor = new FeatureExtractor(Experts);
        var features = new float[64];
        var context = ContextStatistics.Of([new float[] { 1 }], [new float[] { 1 }], 1);
        var counts = Counts(1);
        var gate = Gate(1);
        extractor.Extract(new StepFeedback { ExpertCounts = counts, MeanGateProbability = gate, Context = null, Telemetry = WholeTelemetry }, features);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var step = 0; step < 100; step++)
        {
            extractor.Extract(new StepFeedback { ExpertCounts = counts, MeanGateProbability = gate, Telemetry = WholeTelemetry }, features);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.NotNull(context.Loss);
    }

    private static FeatureMask Extract(FeatureExtractor extractor, int step, float[] features, FeatureMask without = FeatureMask.None, TelemetryFeatures? telemetry = null) => extractor.Extract(
        new StepFeedback
        {
            ExpertCounts = without == FeatureMask.Counts ? [] : Counts(step),
            MeanGateProbability = without == FeatureMask.GateProbability ? [] : Gate(step),
            MarginalJoules = without == FeatureMask.MarginalCost ? [] : Enumerable.Range(0, Experts).Select(e => 1e-3 + 1e-4 * ((e + step) % 5)).ToArray(),
            Context = ContextStatistics.Of(
                without == FeatureMask.Gradients ? null : [new float[] { step, 1 }, new float[] { 2 }], without == FeatureMask.Activations ? null : [new float[] { step % 3 }], without == FeatureMask.Loss ? null : 2 + 0.1 * (step % 7)),
            Telemetry = telemetry ?? (without == FeatureMask.Telemetry ? WholeTelemetry with { TemperatureCelsius = null } : WholeTelemetry with { TemperatureCelsius = 60 + step % 4 }),
            Phase = step % 2 == 0 ? EnginePhase.Decode : EnginePhase.Prefill,
        },
        features);

    private static long[] Counts(int step) => [.. Enumerable.Range(0, Experts).Select(e => (long)(1 + (7 * e + 3 * step) % 11))];

    private static float[] Gate(int step) => [.. Enumerable.Range(0, Experts).Select(e => (1 + (5 * e + step) % 7) / 64f)];
}
