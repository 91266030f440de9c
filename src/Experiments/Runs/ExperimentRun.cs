using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Cards;
using EnergyTTT.Experiments.Devices;
using EnergyTTT.Experiments.Meters;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Torch;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;
using TorchSharp;

namespace EnergyTTT.Experiments.Runs;

/// <summary>Trains a model, decodes held-out text under each arm in turn, and makes of it a bundle.</summary>
/// <param name="settings">All that is set beforehand.</param>
/// <param name="recorder">Where trials are recorded while it runs.</param>
/// <param name="time">The clock.</param>
/// <param name="progress">Told what is being done, and the share of it that is done.</param>
public sealed class ExperimentRun(ExperimentSettings settings, IRunRecorder recorder, TimeProvider time, Action<string, double>? progress = null)
{
    private readonly long _began = time.GetTimestamp();

    /// <summary>Runs. On cancellation what there is so far is recorded as aborted, on an error as failed, and then it is thrown on.</summary>
    public async Task<RunBundle> Run(CancellationToken cancellationToken)
    {
        settings.Check();
        var torchLibrary = TorchLibrary.Load();
        var costs = settings.KernelCosts is { } file ? new ModelledCosts(KernelCostModel.FromFile(file)) : ModelledCosts.OfTheProduct();
        var origin = settings.OnCuda ? Origin.Measured : Origin.Modelled;
        var kind = settings.Kind.ToString().ToLowerInvariant();
        var bundle = new RunBundle
        {
            Schema = RunBundle.CurrentSchema, Trials = [], Comparisons = [], Arms = [.. settings.BatchSizes.SelectMany(size => settings.Arms.Select(plan => ArmFigures.Planned(plan, settings, size, origin)))],
            Run = new()
            {
                Id = Guid.CreateVersion7(time.GetUtcNow()), Kind = kind, Name = $"{kind} {settings.Preset}", Started = time.GetUtcNow(), State = RunState.Running, Origin = origin, Parameters = settings.Parameters(),
                Tags = settings.Tags,
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
                Started = time.GetUtcNow(), Finished = time.GetUtcNow(), Origin = origin, Gpus = [], Engine = $"EnergyTTT MoE language model on TorchSharp {typeof(torch).Assembly.GetName().Version?.ToString(3)}, libtorch from {torchLibrary.Folder.Source}",
                CodeVersion = CodeVersion(), ModelSha256 = prepared.Model.Sha256(), CorpusSha256 = prepared.Corpus.Sha256, SettingsSha256 = Settings(), OrderSeed = settings.Seed, Order = [], CalibrationId = costs.CalibrationId,
                Host = $"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} processors, {RuntimeInformation.FrameworkDescription}", Publishable = false, Reasons = [],
            };
            bundle = bundle with { Run = bundle.Run with { Metrics = new(prepared.Figures(), StringComparer.Ordinal) } };
            foreach (var size in settings.BatchSizes)
            {
                using var experiment = new SizeExperiment(settings, device, prepared, gate, costs, size, time, Say);
                var before = bundle;
                long? deadline = settings.TimeLimit is { } limit ? _began + (long)(limit * time.TimestampFrequency) : null;
                bundle = await experiment.Run(before, deadline, async trial =>
                {
                    bundle = experiment.AddTo(before);
                    await recorder.Record(bundle.Run.Id, trial, cancellationToken);
                }, cancellationToken);
                foreach (var (name, value) in experiment.Metrics)
                {
                    bundle.Run.Metrics[settings.BatchSizes.Count > 1 ? $"{name}_b{size}" : name] = value;
                }
            }

            if (device.Watch is { } watch)
            {
                var card = CardSeries.Of(watch, _began, long.MaxValue, 1, watch.Gpu, time).ToList();
                var (band, errors) = ForecastBand.Of(card);
                bundle = bundle with { Series = [.. bundle.Series, .. card, .. band] };
                foreach (var (name, value) in errors)
                {
                    bundle.Run.Metrics[name] = value;
                }
            }

            bundle = Conclude(bundle, device.Meter.Describe(receipt, bundle.Trials));
            await recorder.Finish(bundle, CancellationToken.None);
            return bundle;
        }
        catch (Exception fault)
        {
            var aborted = fault is OperationCanceledException;
            await recorder.Finish(bundle with
            {
                Run = bundle.Run with { State = aborted ? RunState.Aborted : RunState.Failed, Finished = time.GetUtcNow(), Reason = aborted ? "stopped" : fault.Message },
            }, CancellationToken.None);
            throw;
        }
    }

    private RunBundle Conclude(RunBundle bundle, RunReceipt receipt)
    {
        var same = bundle.Comparisons.Where(c => c.Treated.StartsWith(ArmCatalogue.ControlAgain, StringComparison.Ordinal)).ToList();
        bool? covers = same.Count == 0 ? null : same.All(c => c.Ci95 is [<= 0, >= 0]);
        var reasons = bundle.Comparisons.SelectMany(c => c.Reasons).Distinct().ToList();
        var first = bundle.Trials.Count > 0 ? bundle.Trials[0].Started : receipt.Started;
        receipt = receipt with
        {
            Started = first, Finished = bundle.Trials.Count > 0 ? bundle.Trials[^1].Finished : first, Order = [.. bundle.Trials.Select(trial => trial.Arm)], AaRunCoversZero = covers,
            Publishable = bundle.Run.Origin == Origin.Measured && bundle.Comparisons.Count > 0 && bundle.Comparisons.All(c => c.Publishable), Reasons = reasons,
        };
        var metrics = new SortedDictionary<string, double>(bundle.Run.Metrics, StringComparer.Ordinal);
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
