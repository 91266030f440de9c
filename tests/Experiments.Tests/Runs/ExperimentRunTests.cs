using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Experiments.Recordings;
using EnergyTTT.Experiments.Reports;
using EnergyTTT.Experiments.Runs;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Tests.Runs;

public sealed class ExperimentRunTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("energyttt-run").FullName;

    private static readonly ExperimentSettings Small = ExperimentSettings.Tiny with
    {
        Shape = new() { Width = 32, Layers = 2, Heads = 2, KeyHeads = 1, Experts = 32, TopK = 4, ExpertWidth = 16, Vocabulary = 300 }, Training = new() { Steps = 6, Batch = 2, Length = 32 }, CorpusCharacters = 1_000_000,
        Context = 32, DecodeSteps = 4, Sequences = 64, Rounds = 6, Arms = ArmCatalogue.Comparison(0.9f, 2),
    };

    [Fact]
    public async Task A_comparison_without_a_gpu_says_what_it_models_and_that_nothing_was_measured()
    {
        var recorder = new FileRecorder(_folder);

        var bundle = await new ExperimentRun(Small, recorder, TimeProvider.System).Run(default);

        Assert.Equal(RunState.Completed, bundle.Run.State);
        Assert.Equal(Origin.Modelled, bundle.Run.Origin);
        Assert.Equal(8 * 12, bundle.Trials.Count);
        Assert.False(bundle.Receipt!.Publishable);
        Assert.All(bundle.Comparisons, c => Assert.True(c is { Verdict: Verdict.NotMeasured, Publishable: false, Pairs: 12 } && c.Reasons.Contains("not_measured")));

        // The same arm twice: not one joule, not one nat of difference.
        var same = bundle.Comparisons.Single(c => c.Treated == ArmCatalogue.ControlAgain);
        Assert.Equal([0d, 0d], same.Ci95!);
        Assert.Equal(0, same.PerplexityPercent);
        Assert.True(bundle.Receipt.AaRunCoversZero);

        // Consolidation reads fewer experts, and what the model says it takes falls with it.
        RunArm Arm(string name) => bundle.Arms.Single(arm => arm.Name == name);
        Assert.True(Arm("GreedyConsolidation").DistinctExperts < Arm("Baseline").DistinctExperts);
        Assert.True(Arm("GreedyConsolidation").JoulesPerToken < Arm("Baseline").JoulesPerToken);
        Assert.True(Arm("EnergyAwareTTT").RetainedMassMin >= 0.9 - 1e-6);
        Assert.Equal(1, Arm("Baseline").RetainedMassMin!.Value, 1e-9);
        Assert.All(bundle.Arms, arm => Assert.Contains("ok", ReportTables.SelfCheck(arm), StringComparison.Ordinal));
        Assert.All(bundle.Arms, arm => Assert.Equal(12L * 16 * 4, arm.Tokens));

        // The file is the bundle.
        var back = RunBundleFile.Read(await File.ReadAllBytesAsync(recorder.PathOf(bundle)));
        Assert.Equal(bundle.Run.Id, back.Run.Id);
        Assert.Equal(bundle.Trials.Count, back.Trials.Count);
        Assert.Single(Directory.GetFiles(_folder));
    }

    [Fact]
    public async Task A_run_that_is_stopped_half_way_is_recorded_as_aborted_with_what_it_had()
    {
        using var stop = new CancellationTokenSource();
        var recorder = new FileRecorder(_folder);
        var run = new ExperimentRun(Small with { Arms = ArmCatalogue.SameAndSame }, recorder, TimeProvider.System, (what, share) =>
        {
            if (what.StartsWith("measuring", StringComparison.Ordinal) && share > 0.4)
            {
                stop.Cancel();
            }
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.Run(stop.Token));

        var bundle = RunBundleFile.Read(await File.ReadAllBytesAsync(Directory.GetFiles(_folder).Single()));
        Assert.Equal(RunState.Aborted, bundle.Run.State);
        Assert.InRange(bundle.Trials.Count, 5, 23);
        Assert.NotNull(bundle.Run.Finished);
    }

    [Fact]
    public void Settings_that_do_not_fit_are_all_named_at_once()
    {
        var wrong = Assert.Throws<ArgumentException>(() => (Small with { BatchSizes = [7], Rounds = 0, Context = 1 }).Check());

        Assert.Contains("--batch-size", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("--rounds", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("--context", wrong.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
