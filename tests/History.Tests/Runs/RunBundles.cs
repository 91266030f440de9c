using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Tests.Runs;

/// <summary>Bundles of runs for tests.</summary>
internal static class RunBundles
{
    public static readonly DateTimeOffset Started = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    /// <summary>A comparison of two arms over pairs of trials, completed.</summary>
    public static RunBundle Compare(Guid? id = null, int pairs = 2, Origin origin = Origin.Modelled)
    {
        var receipt = Receipt(origin);
        return new RunBundle
        {
            Schema = RunBundle.CurrentSchema,
            Run = new RunDescription
            {
                Id = id ?? Guid.CreateVersion7(),
                Kind = "compare",
                Name = "tiny",
                Started = Started,
                Finished = Started.AddSeconds(100),
                State = RunState.Completed,
                Origin = origin,
                Parameters = new() { ["batch_size"] = 16, ["preset"] = "tiny", ["muon_enabled"] = true },
                Tags = new() { ["site"] = "ams" },
                Metrics = new() { ["saving_percent"] = 12.5 },
            },
            Arms = [Arm("Baseline", 2.0, origin), Arm("EnergyAwareTTT", 1.75, origin)],
            Trials = [.. Enumerable.Range(0, 2 * pairs).Select(block => Trial(block, block % 2 == 0 ? "Baseline" : "EnergyAwareTTT", origin))],
            Comparisons =
            [
                new RunComparison
                {
                    Control = "Baseline", Treated = "EnergyAwareTTT", Pairs = pairs, Origin = origin, Method = "paired_blocks_t", SavingPercent = 12.5, Ci95 = [-0.0, 14.1],
                    LogRatios = [-0.13, -0.0], Verdict = Verdict.NotMeasured, Publishable = false, Reasons = ["not_measured", "too_few_pairs"],
                },
            ],
            Series = [new RunSeries { Name = "temperature", Label = "gpu", XUnit = "s", YUnit = "Cel", Origin = origin, X = [0, 1, 2.5], Y = [40.5, null, 41] }],
            Receipt = receipt,
            ReceiptSha256 = RunBundleFile.Digest(receipt),
        };
    }

    /// <summary>The same run before its first trial.</summary>
    public static RunBundle Begun(RunBundle whole) => whole with
    {
        Run = whole.Run with { State = RunState.Running, Finished = null, Metrics = [] },
        Trials = [],
        Comparisons = [],
        Series = [],
        Receipt = null,
        ReceiptSha256 = null,
    };

    public static RunTrial Trial(int block, string arm, Origin origin = Origin.Modelled) => new()
    {
        Block = block, Arm = arm, Pair = block / 2, Started = Started.AddSeconds(10 * block), Finished = Started.AddSeconds((10 * block) + 9.125), Seconds = 9.125, Tokens = 1000 + block, Origin = origin, Joules = 2000.25 + block,
        Loss = 1e-7, Codes = block == 1 ? ["too_short"] : [],
    };

    private static RunArm Arm(string name, double joulesPerToken, Origin origin) => new()
    {
        Name = name, Strategy = name, Grouping = "random", Phase = "decode", BatchSize = 16, Trials = 2, Tokens = 2000, Origin = origin,
        JoulesPerToken = joulesPerToken, JoulesPerTokenLow = joulesPerToken * 0.98, JoulesPerTokenHigh = joulesPerToken * 1.02, Perplexity = 3.5,
    };

    private static RunReceipt Receipt(Origin origin) => new()
    {
        Started = Started, Finished = Started.AddSeconds(100), Origin = origin, Gpus = ["GPU-1", "GPU-2"], GpuModel = "NVIDIA H100 80GB HBM3", Engine = "energyttt 0.1", CodeVersion = "0.1.0", PolicyVersion = 12,
        SettingsSha256 = "ab", OrderSeed = 7, Order = ["Baseline", "EnergyAwareTTT"], Host = "linux", Publishable = false, Reasons = ["not_measured", "too_few_pairs"],
    };
}
