using EnergyTTT.Evidence.Intervals;
using EnergyTTT.Experiments.Cards;
using EnergyTTT.Experiments.Devices;
using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Meters;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Routing.Gpu;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Torch;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Calibrations;

/// <summary>What a calibration came to.</summary>
/// <param name="Records">One row a point, joules and milliseconds of one layer.</param>
/// <param name="Fit">The linear model of them; null where it was refused.</param>
/// <param name="Refusal">Why there is no fit.</param>
public sealed record CalibrationOutcome(IReadOnlyList<KernelCostRecord> Records, CostFit? Fit, string? Refusal);

/// <summary>Measures the cost table of this GPU: joules and milliseconds of blocks of experts by tokens and distinct experts, from the energy counter.</summary>
public static class CalibrationRun
{
    private const int Group = 16;

    /// <summary>Runs.</summary>
    /// <exception cref="NotSupportedException">There is no GPU that can be measured, or its libtorch cannot record graphs.</exception>
    public static CalibrationOutcome Run(CalibrationSettings settings, TimeProvider time, Action<string, double>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(time);
        TorchLibrary.Load();
        using var watch = CardWatch.Open(time, settings.Trace);
        using var queue = new CudaQueue(new SelectorShape(settings.Experts, settings.TopK));
        if (!queue.HasGraphs)
        {
            throw new NotSupportedException("this libtorch cannot record graphs: launches, not experts, would be measured");
        }

        using var stack = new BlockStack(settings, CUDA, ScalarType.BFloat16);
        var random = new Random(settings.Seed);
        var points = settings.Points().ToList();
        Dictionary<(int, int), List<(double Joules, double Milliseconds, double? Celsius, int Samples)>> measured = [];
        using var meter = new CounterMeter(watch);
        var (done, all) = (0, points.Count * settings.Repeats);
        for (var repeat = 0; repeat < settings.Repeats; repeat++)
        {
            var order = points.ToArray();
            random.Shuffle(order);
            foreach (var (tokens, distinct) in order)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Invoke("calibrating", (double)done++ / all);
                watch.Phase = $"calibrate_b{tokens}_a{distinct}";
                using var scope = NewDisposeScope();
                var h = randn([tokens, settings.Width], ScalarType.BFloat16, CUDA).mul_(0.1);
                var weights = full([tokens, settings.TopK], 1f / settings.TopK, ScalarType.Float32, CUDA);
                List<GateChoice> choices = [.. Enumerable.Range(0, settings.Layers).Select(_ =>
                    GateChoice.Of(tensor(CalibrationSettings.Choice(tokens, settings.TopK, settings.Experts, distinct, random), [tokens, settings.TopK]).to(CUDA), weights, settings.Experts))];
                var (joules, milliseconds, celsius, samples) = Point(queue, watch, meter, stack, h, choices, settings, time);
                if (joules is { } known)
                {
                    if (!measured.TryGetValue((tokens, distinct), out var list))
                    {
                        measured[(tokens, distinct)] = list = [];
                    }

                    list.Add((known, milliseconds, celsius, samples));
                }
            }
        }

        List<KernelCostRecord> records = [.. measured.OrderBy(point => point.Key).Select(point =>
        {
            var interval = MeanInterval.TwoSided([.. point.Value.Select(value => value.Joules)], 0.95);
            return new KernelCostRecord
            {
                DeviceUuid = watch.Gpu, DeviceName = watch.Model, PowerLimitWatts = watch.Latest?.PowerLimitWatts, SmClockMegahertz = watch.Latest?.SmClockHertz / 1e6, Dtype = "bf16", ModelWidth = settings.Width,
                ExpertWidth = settings.ExpertWidth, Operation = KernelCostModel.MoeBlock, Tokens = point.Key.Item1, TopK = settings.TopK, Experts = settings.Experts, DistinctExperts = point.Key.Item2,
                EnergyJoules = interval.Mean, EnergyJoulesCi95 = interval.Count > 1 ? interval.High - interval.Mean : null, LatencyMilliseconds = point.Value.Average(value => value.Milliseconds),
                WeightBytes = 3L * settings.Width * settings.ExpertWidth * 2, Samples = point.Value.Sum(value => value.Samples), TemperatureCelsius = point.Value[^1].Celsius, MeasuredAt = time.GetUtcNow(), Source = KernelCostSource.Nvml,
            };
        })];
        return CostFitter.TryFit(records, new KernelCostOptions(), out var fit, out var refusal) ? new(records, fit, null) : new(records, null, refusal);
    }

    private static (double? Joules, double Milliseconds, double? Celsius, int Samples) Point(
        CudaQueue queue, CardWatch watch, CounterMeter meter, BlockStack stack, Tensor h, IReadOnlyList<GateChoice> choices, CalibrationSettings settings, TimeProvider time)
    {
        void Step()
        {
            using var inner = NewDisposeScope();
            stack.Step(h, choices);
        }

        for (var warm = 0; warm < 4; warm++)
        {
            Step();
        }

        CudaQueue.Wait();
        using var graph = new TorchGraph();
        graph.Record(Step);
        var driver = queue.Selector.Driver;
        nint[] events = [driver.CreateEvent(), driver.CreateEvent()];
        List<(long, long)> progress = [(time.GetTimestamp(), 0)];
        var group = 0;
        for (var began = time.GetTimestamp(); time.GetElapsedTime(began).TotalSeconds < settings.WindowSeconds + 0.35; group++)
        {
            for (var step = 0; step < Group; step++)
            {
                graph.Replay();
            }

            driver.Record(events[group % 2]);
            if (group > 0)
            {
                driver.Wait(events[(group - 1) % 2]);
                progress.Add((time.GetTimestamp(), (long)group * Group));
            }
        }

        CudaQueue.Wait();
        progress.Add((time.GetTimestamp(), (long)group * Group));
        var trial = meter.Measure(new()
        {
            Block = 0, Arm = watch.Phase, Started = time.GetUtcNow(), Finished = time.GetUtcNow(), Seconds = 0, Tokens = 0, Origin = Origin.Measured,
        }, new() { Tokens = group * Group, Loss = 0, Gates = default, StepMilliseconds = [], Progress = progress });
        var valid = trial is { Joules: > 0, Tokens: > 0 } && trial.Codes.All(code => code is Evidence.Receipts.ReasonCode.ThermalDrift);
        return valid ? (trial.Joules / trial.Tokens / settings.Layers, 1000 * trial.Seconds / trial.Tokens / settings.Layers, trial.TemperatureEndCelsius, (int)trial.Tokens) : (null, 0, null, 0);
    }
}
