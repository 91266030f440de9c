using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using EnergyTTT.Evidence.Switchbacks;
using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Corpora;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Devices;
using EnergyTTT.Experiments.Meters;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Torch;
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
            using var device = ExperimentDevice.Open(settings.OnCuda, costs, time);
            Say("reading text", 0);
            var corpus = Corpus.Make(CorpusSource.Read(settings.Corpus, settings.CorpusCharacters), settings.Shape.Vocabulary);
            var shape = settings.Shape with { Vocabulary = corpus.Tokenizer.Vocabulary };
            using var model = new MoeLanguageModel(shape, settings.Seed, device.Torch);
            var trained = Trainer.Train(model, corpus, settings.Training with { Seed = settings.Seed }, time, (share, loss) => Say($"training, loss {loss:0.000}", share), cancellationToken);
            device.AfterTraining();
            model.Freeze(settings.OnCuda ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32);
            var gate = new SelectorShape(shape.Experts, shape.TopK);
            Say("reading prompts", 0);
            using var pool = SequencePool.Read(model, corpus.HeldOut(settings.Sequences, settings.Context + settings.DecodeSteps + 2, settings.Seed), settings.Context, settings.DecodeSteps, gate,
                settings.OnCuda ? 16 : 4, share => Say("reading prompts", share), cancellationToken);
            var receipt = new RunReceipt
            {
                Started = time.GetUtcNow(), Finished = time.GetUtcNow(), Origin = bundle.Run.Origin, Gpus = [], Engine = $"EnergyTTT MoE language model on TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}, libtorch from {torchLibrary.Folder.Source}",
                CodeVersion = CodeVersion(), ModelSha256 = model.Sha256(), CorpusSha256 = corpus.Sha256, SettingsSha256 = Settings(), OrderSeed = settings.Seed, Order = [], CalibrationId = costs.CalibrationId,
                Host = $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}", Publishable = false, Reasons = [],
            };
            foreach (var size in settings.BatchSizes)
            {
                bundle = await OneSize(bundle, size, device, model, pool, gate, costs, cancellationToken);
            }

            bundle = Conclude(bundle, device.Meter.Describe(receipt, bundle.Trials), trained);
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

    private RunBundle? _soFar;

    private RunBundle Latest(RunBundle bundle) => _soFar ?? bundle;

    private async Task<RunBundle> OneSize(
        RunBundle bundle, int size, ExperimentDevice device, MoeLanguageModel model, SequencePool pool, SelectorShape gate, ModelledCosts costs, CancellationToken cancellationToken)
    {
        var layers = model.Shape.Layers;
        using var decoder = new BatchDecoder(model, pool, size);
        List<Arm> arms = [];
        try
        {
            foreach (var plan in settings.Arms)
            {
                arms.Add(new(plan, device.Gate(plan, gate, layers, size), settings.Learning, gate, costs.Experts(gate.Experts), layers, pool.Count));
            }

            string Name(Arm arm) => settings.BatchSizes.Count > 1 ? $"{arm.Plan.Name} @{size}" : arm.Plan.Name;
            var stepper = device.Stepper(decoder);
            var runner = new TrialRunner(pool, decoder, time, stepper) { Device = () => device.Meter.Latest };
            var batches = new[] { pool.Batches(size, false, settings.Seed), pool.Batches(size, true, settings.Seed) };
            var pairs = 2 * settings.Rounds;

            // On a GPU every trial decodes the whole pool, as often as the window asks for; modelled trials take turns through the batches, the same for all arms.
            var passes = 1;
            if (settings.OnCuda)
            {
                Say($"warming up, batch {size}", 0);
                foreach (var arm in arms)
                {
                    var began = time.GetTimestamp();
                    runner.Run(arm, batches[arm.Plan.ByAffinity ? 1 : 0], false, cancellationToken);
                    passes = arm == arms[0] ? Math.Max(1, (int)Math.Ceiling(settings.WindowSeconds / Math.Max(0.01, time.GetElapsedTime(began).TotalSeconds))) : passes;
                }
            }

            int[] order = arms.Count > 1 ? new SwitchbackPlan(settings.Seed * 1_000L + size).Order(arms.Count, settings.Rounds) : [.. Enumerable.Repeat(0, pairs)];
            List<RunTrial> trials = [];
            for (var position = 0; position < order.Length; position++)
            {
                var arm = arms[order[position]];
                var pair = position / arms.Count;
                var mine = batches[arm.Plan.ByAffinity ? 1 : 0];
                IReadOnlyList<int[]> work = settings.OnCuda ? [.. Enumerable.Repeat(mine, passes).SelectMany(all => all)] : [mine[pair % mine.Length]];
                Say($"measuring, batch {size}", (double)position / order.Length);
                var started = time.GetUtcNow();
                var own = arm.OwnJoules;
                device.Meter.Begin();
                var done = runner.Run(arm, work, true, cancellationToken);
                var trial = device.Meter.Measure(new()
                {
                    Block = bundle.Trials.Count + trials.Count, Arm = Name(arm), Pair = arms.Count > 1 ? pair : null, Started = started, Finished = time.GetUtcNow(), Seconds = 0, Tokens = done.Tokens,
                    Origin = device.Meter.Origin, Loss = done.Loss / done.Tokens, Perplexity = Math.Exp(done.Loss / done.Tokens), RetainedMassMean = done.Gates.RetainedMean, RetainedMassMin = done.Gates.RetainedMin,
                    DistinctExperts = done.Gates.DistinctMean, RouterJoules = arm.Learns ? arm.OwnJoules - own : null, GpuWaitShare = device.WaitShare(arm),
                }, done);
                trials.Add(trial);
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
            arms.ForEach(arm => arm.Dispose());
        }
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
        var metrics = new SortedDictionary<string, double>(StringComparer.Ordinal) { ["train_loss"] = trained.Loss, ["train_tokens"] = trained.Tokens, ["train_seconds"] = trained.Seconds };
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
