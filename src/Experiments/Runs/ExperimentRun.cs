using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using EnergyTTT.Evidence.Switchbacks;
using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Cards;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Devices;
using EnergyTTT.Experiments.Meters;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Torch;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Runs;
using TorchSharp;

namespace EnergyTTT.Experiments.Runs;

/// <summary>Trains a model, decodes held-out text under each arm in turn, and makes of it a bundle.</summary>
/// <param name="settings">All that is set beforehand.</param>
/// <param name="recorder">Where trials are recorded while it runs.</param>
/// <param name="time">The clock.</param>
/// <param name="progress">Told what is being done, and the share of it that is done.</param>
public sealed class ExperimentRun(ExperimentSettings settings, IRunRecorder recorder, TimeProvider time, Action<string, double>? progress = null)
{
    /// <summary>Runs. On cancellation what there is so far is recorded as aborted, on an error as failed, and then it is thrown on.</summary>
    public async Task<RunBundle> Run(CancellationToken cancellationToken)
    {
        settings.Check();
        var torchLibrary = TorchLibrary.Load();
        var costs = settings.KernelCosts is { } file ? new ModelledCosts(KernelCostModel.FromFile(file)) : ModelledCosts.OfTheProduct();
        var bundle = new RunBundle
        {
            Schema = RunBundle.CurrentSchema, Arms = [], Trials = [], Comparisons = [],
            Run = new()
            {
                Id = Guid.CreateVersion7(time.GetUtcNow()), Kind = settings.Kind, Name = $"{settings.Kind} {settings.Preset}", Started = time.GetUtcNow(), State = RunState.Running,
                Origin = settings.OnCuda ? Wire.Telemetry.Origin.Measured : Wire.Telemetry.Origin.Modelled, Parameters = settings.Parameters(), Tags = settings.Tags,
            },
        };
        await recorder.Start(bundle, cancellationToken);
        try
        {
            var gate = new SelectorShape(settings.Shape.Experts, settings.Shape.TopK);
            using var device = ExperimentDevice.Open(settings, costs, gate, time);
            using var prepared = Preparation.Make(settings, device, time, Say, cancellationToken);
            Say("digest of the weights", 0);
            var receipt = new RunReceipt
            {
                Started = time.GetUtcNow(), Finished = time.GetUtcNow(), Origin = bundle.Run.Origin, Gpus = [], Engine = $"EnergyTTT MoE language model on TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}, libtorch from {torchLibrary.Folder.Source}",
                CodeVersion = CodeVersion(), ModelSha256 = prepared.Model.Sha256(), CorpusSha256 = prepared.CorpusSha256, SettingsSha256 = Settings(), OrderSeed = settings.Seed, Order = [], CalibrationId = costs.CalibrationId,
                Host = $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}", Publishable = false, Reasons = [],
            };
            foreach (var size in settings.BatchSizes)
            {
                bundle = await OneSize(bundle, size, device, prepared, gate, costs, cancellationToken);
            }

            if (device.Watch is { } watch)
            {
                bundle = bundle with { Series = [.. bundle.Series, .. CardSeries.Of(watch, _began, long.MaxValue, 1, watch.Gpu, time)] };
            }

            bundle = Conclude(bundle, device.Meter.Describe(receipt, bundle.Trials), prepared.Trained);
            await recorder.Finish(bundle, CancellationToken.None);
            return bundle;
        }
        catch (Exception fault)
        {
            var aborted = fault is OperationCanceledException;
            await recorder.Finish(Latest(bundle) with
            {
                Run = bundle.Run with { State = aborted ? RunState.Aborted : RunState.Failed, Finished = time.GetUtcNow(), Reason = aborted ? "stopped" : fault.Message },
            }, CancellationToken.None);
            throw;
        }
    }

    private readonly long _began = time.GetTimestamp();
    private RunBundle? _soFar;

    private RunBundle Latest(RunBundle bundle) => _soFar ?? bundle;

    private async Task<RunBundle> OneSize(
        RunBundle bundle, int size, ExperimentDevice device, Preparation prepared, SelectorShape gate, ModelledCosts costs, CancellationToken cancellationToken)
    {
        device.Enter();
        var (model, pool) = (prepared.Model, prepared.Pool);
        var layers = model.Shape.Layers;
        using var decoder = new BatchDecoder(model, pool, size);
        var (plans, curves) = Tuned(size, device, prepared, gate, decoder, cancellationToken);
        bundle = bundle with { Series = [.. bundle.Series, .. curves] };
        List<Arm> arms = [];
        var stepper = device.Stepper(decoder);
        try
        {
            foreach (var plan in plans)
            {
                arms.Add(new(plan, device.Gate(plan, gate, layers, size), settings.Learning, gate, costs.Experts(gate.Experts), layers, pool.Count));
            }

            string Name(Arm arm) => settings.BatchSizes.Count > 1 ? $"{arm.Plan.Name} @{size}" : arm.Plan.Name;
            TrialRunner Runner(TimeSpan? every) => new(pool, decoder, time, stepper) { Device = () => device.Meter.Latest, Completed = tokens => device.Watch?.Complete(tokens), StepEvery = every };
            var runner = Runner(null);
            var batches = new[] { pool.Batches(size, false, settings.Seed), pool.Batches(size, true, settings.Seed) };
            int[] order = arms.Count > 1 ? new SwitchbackPlan(settings.Seed * 1_000L + size).Order(arms.Count, settings.Rounds) : [.. Enumerable.Repeat(0, 2 * settings.Rounds)];

            // Trials take turns through the batches, the same for all arms. On a GPU a trial is as many batches as its window asks for, such that all sequences are decoded equally often.
            var together = 1;
            if (settings.OnCuda)
            {
                foreach (var (arm, position) in arms.Select((arm, position) => (arm, position)))
                {
                    Say($"warming up, batch {size}", (double)position / arms.Count);
                    var mine = batches[arm.Plan.ByAffinity ? 1 : 0];
                    device.Begin($"warm_b{size}");
                    runner.Run(arm, [mine[0]], false, cancellationToken);
                    var began = time.GetTimestamp();
                    runner.Run(arm, [mine[^1]], false, cancellationToken);
                    if (position == 0)
                    {
                        var seconds = time.GetElapsedTime(began).TotalSeconds;
                        if (settings.SoakSeconds is { } soak)
                        {
                            var every = TimeSpan.FromSeconds(seconds / decoder.Steps / settings.Load);
                            runner = Runner(every);
                            seconds = every.TotalSeconds * decoder.Steps;
                            together = Math.Max(1, (int)Math.Ceiling(soak / seconds));
                            bundle.Run.Metrics["offered_tokens_per_second"] = size / every.TotalSeconds;
                        }
                        else
                        {
                            together = Math.Max(1, (int)Math.Ceiling((settings.WindowSeconds + 0.3) / Math.Max(0.001, seconds)));
                            while (2 * settings.Rounds * together % mine.Length != 0 && together < 64 * mine.Length)
                            {
                                together++;
                            }
                        }
                    }
                }
            }

            List<RunTrial> trials = [];
            var (halfBegan, halfSeconds) = (time.GetTimestamp(), 0.0);
            for (var position = 0; position < order.Length; position++)
            {
                device.Enter();
                if (position > 0 && position % arms.Count == 0)
                {
                    (halfBegan, halfSeconds) = (time.GetTimestamp(), time.GetElapsedTime(halfBegan).TotalSeconds);
                    if (settings.TimeLimit is { } limit && time.GetElapsedTime(_began).TotalSeconds + 1.05 * halfSeconds > limit)
                    {
                        Say($"time limit: {order.Length - position} of {order.Length} trials are left out", 1);
                        bundle.Run.Metrics["trials_left_out"] = order.Length - position;
                        break;
                    }
                }

                var arm = arms[order[position]];
                var pair = position / arms.Count;
                var mine = batches[arm.Plan.ByAffinity ? 1 : 0];
                IReadOnlyList<int[]> work = [.. Enumerable.Range(pair * together, together).Select(batch => mine[batch % mine.Length])];
                Say($"measuring, batch {size}", (double)position / order.Length);
                if (settings.SoakSeconds is not null)
                {
                    device.Begin("idle");
                    await Task.Delay(TimeSpan.FromSeconds(settings.CoolSeconds), time, cancellationToken);
                    device.Enter();
                }

                device.Begin($"decode_b{size}_{arm.Plan.Name.Replace(' ', '_')}");
                var (started, ticked) = (time.GetUtcNow(), time.GetTimestamp());
                var own = arm.OwnJoules;
                device.Meter.Begin();
                var done = runner.Run(arm, work, true, cancellationToken);
                var trial = device.Meter.Measure(new()
                {
                    Block = bundle.Trials.Count + trials.Count, Arm = Name(arm), Pair = arms.Count > 1 ? pair : null, Started = started, Finished = time.GetUtcNow(), Seconds = 0, Tokens = done.Tokens,
                    Origin = device.Meter.Origin, Loss = done.Loss / done.Tokens, Perplexity = Math.Exp(done.Loss / done.Tokens), RetainedMassMean = done.Gates.RetainedMean, RetainedMassMin = done.Gates.RetainedMin,
                    DistinctExperts = done.Gates.DistinctMean, RouterJoules = arm.Learns ? arm.OwnJoules - own : null, GpuWaitShare = device.WaitShare(time.GetElapsedTime(ticked).TotalSeconds),
                }, done);
                arm.LastJoulesPerToken = trial is { Origin: Wire.Telemetry.Origin.Measured, Codes: [], Joules: > 0, Tokens: > 0 } ? trial.Joules / trial.Tokens : null;
                trials.Add(trial);
                if (settings.SoakSeconds is not null && device.Watch is { } watch)
                {
                    bundle = bundle with { Series = [.. bundle.Series, .. CardSeries.Of(watch, ticked, time.GetTimestamp(), 0.5, $"{Name(arm)} / {pair + 1}", time)] };
                }

                _soFar = bundle with { Trials = [.. bundle.Trials, .. trials], Arms = [.. bundle.Arms, .. arms.Select(a => ArmFigures.Of(a, Name(a), size, device.Meter.Origin, trials))] };
                await recorder.Record(bundle.Run.Id, trial, cancellationToken);
            }

            var figures = arms.Select(arm => ArmFigures.Of(arm, Name(arm), size, device.Meter.Origin, trials)).ToList();
            var again = arms.FirstOrDefault(arm => arm.Plan.Name == ArmCatalogue.ControlAgain);
            RunComparison Compare(Arm treated, bool? covers) => ArmComparison.Of(arms[0], treated, Name(arms[0]), Name(treated), device.Meter.Origin, trials, covers, device.Against);
            bool? covers = again is null ? null : Compare(again, true) is { Ci95: [<= 0, >= 0] };
            return bundle with
            {
                Arms = [.. bundle.Arms, .. figures], Trials = [.. bundle.Trials, .. trials], Comparisons = [.. bundle.Comparisons, .. arms.Skip(1).Select(arm => Compare(arm, covers))],
                Series = [.. bundle.Series, .. arms.Where(arm => arm.Learns).SelectMany(arm => arm.Biases.Select((bias, layer) => new RunSeries
                {
                    Name = "bias", Label = $"{Name(arm)} / layer {layer}", XUnit = "expert", YUnit = "logit", Origin = device.Meter.Origin, X = [.. Enumerable.Range(0, bias.Length).Select(e => (double)e)],
                    Y = [.. bias.Select(b => (double?)b)],
                }))],
            };
        }
        finally
        {
            device.Enter();
            (stepper as IDisposable)?.Dispose();
            arms.ForEach(arm => arm.Dispose());
        }
    }

    /// <summary>The arms with bounds of equal quality, where a budget asks for it, and the curves that were found on the way.</summary>
    private (IReadOnlyList<ArmPlan> Plans, IReadOnlyList<RunSeries> Curves) Tuned(
        int size, ExperimentDevice device, Preparation prepared, SelectorShape gate, BatchDecoder decoder, CancellationToken cancellationToken)
    {
        if (settings.QualityBudget is not { } budget || prepared.Tuning is not { } pool || !settings.Arms.Any(BoundTuning.Concerns))
        {
            return (settings.Arms, []);
        }

        device.Begin("tune");
        var tuning = new BoundTuning(device, prepared.Model, pool, settings.Learning, gate, time, cancellationToken);
        Dictionary<bool, double[]> control = [];
        Dictionary<(BatchStepKind, bool), ArmPlan> known = [];
        List<RunSeries> curves = [];
        List<ArmPlan> plans = [];
        foreach (var plan in settings.Arms)
        {
            if (!BoundTuning.Concerns(plan))
            {
                plans.Add(plan);
                continue;
            }

            // Ablations differ in what they learn, not in their bound.
            var key = (plan.Strategy.BatchStep.Kind, plan.ByAffinity);
            if (!known.TryGetValue(key, out var tuned))
            {
                Say($"tuning {plan.Name}, batch {size}", (double)plans.Count / settings.Arms.Count);
                if (!control.TryGetValue(plan.ByAffinity, out var plain))
                {
                    control[plan.ByAffinity] = plain = tuning.Losses(ArmCatalogue.Baseline() with { ByAffinity = plan.ByAffinity }, decoder).Losses;
                }

                List<BoundPoint> points = [];
                known[key] = tuned = tuning.Tune(plan, decoder, plain, budget, points);
                curves.AddRange(BoundTuning.Curves($"{plan.Name} @{size}", points, device.Meter.Origin));
            }

            plans.Add(plan.Strategy.BatchStep.Kind == BatchStepKind.OpportunisticActivation ? tuned with { Name = plan.Name }
                : plan.Strategy.BatchStep.Kind == BatchStepKind.MarginalConsolidation ? BoundTuning.With(plan, tuned.Strategy.BatchStep.MassPerExpert)
                : BoundTuning.With(plan, tuned.GuardBound));
        }

        return (plans, curves);
    }

    private RunBundle Conclude(RunBundle bundle, RunReceipt receipt, TrainingReport trained)
    {
        var same = bundle.Comparisons.Where(c => c.Treated.StartsWith(ArmCatalogue.ControlAgain, StringComparison.Ordinal)).ToList();
        bool? covers = same.Count == 0 ? null : same.All(c => c.Ci95 is [<= 0, >= 0]);
        var reasons = bundle.Comparisons.SelectMany(c => c.Reasons).Distinct().ToList();
        var first = bundle.Trials.Count > 0 ? bundle.Trials[0].Started : receipt.Started;
        receipt = receipt with
        {
            Started = first, Finished = bundle.Trials.Count > 0 ? bundle.Trials[^1].Finished : first, Order = [.. bundle.Trials.Select(trial => trial.Arm)], AaRunCoversZero = covers,
            Publishable = bundle.Run.Origin == Wire.Telemetry.Origin.Measured && bundle.Comparisons.Count > 0 && bundle.Comparisons.All(c => c.Publishable), Reasons = reasons,
        };
        var metrics = new SortedDictionary<string, double>(bundle.Run.Metrics, StringComparer.Ordinal) { ["train_loss"] = trained.Loss, ["train_tokens"] = trained.Tokens, ["train_seconds"] = trained.Seconds };
        if (bundle.Comparisons.FirstOrDefault(c => c.Treated.StartsWith(ArmCatalogue.Product, StringComparison.Ordinal)) is { } headline)
        {
            Put("saving_percent", headline.SavingPercent);
            Put("saving_percent_low", headline.Ci95?[0]);
            Put("saving_percent_high", headline.Ci95?[1]);
            Put("perplexity_percent", headline.PerplexityPercent);
            Put("throughput_percent", headline.ThroughputPercent);
        }

        if (bundle.Arms.Count > 0)
        {
            Put("joules_per_token", bundle.Arms[0].JoulesPerToken);
            Put("tokens_per_second", bundle.Arms[0].TokensPerSecond);
            Put("watts", bundle.Arms[0].Watts);
            Put("perplexity", bundle.Arms[0].Perplexity);
        }

        return bundle with { Receipt = receipt, Run = bundle.Run with { State = RunState.Completed, Finished = time.GetUtcNow(), Metrics = metrics }, ReceiptSha256 = RunBundleFile.Digest(receipt) };

        void Put(string name, double? value)
        {
            if (value is { } number && double.IsFinite(number))
            {
                metrics[name] = number;
            }
        }
    }

    private string Settings() => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(settings.Parameters())));

    private static string CodeVersion() =>
        typeof(ExperimentRun).Assembly.GetCustomAttributes(typeof(System.Reflection.AssemblyInformationalVersionAttribute), false) is [System.Reflection.AssemblyInformationalVersionAttribute version, ..]
            ? version.InformationalVersion : "unknown";

    private void Say(string what, double share) => progress?.Invoke(what, share);
}
