using System.Collections.Immutable;
using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Portal.Runs;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Portal.Tests.Runs;

/// <summary>A few runs in memory. Queries are parsed as the history parses them; every run then answers.</summary>
public sealed class FakeRuns : IRunSource
{
    public static readonly DateTimeOffset Started = new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero);

    public List<RunRecord> All { get; } = [];

    public string? Next { get; set; }

    public RunQuestion? Asked { get; private set; }

    public Task<RunPage> Page(RunQuestion question, CancellationToken cancellationToken)
    {
        Asked = question;
        var columns = RunColumns.Parse(question.Columns);
        return Task.FromResult(new RunPage(columns, [.. All.Select(record => new RunRow(record.Bundle.Run.Id, record.Bundle.Run.Origin, [.. columns.Select(column => Value(record.Bundle, column))]))], Next));
    }

    public Task<RunRecord?> Find(Guid id, CancellationToken cancellationToken) => Task.FromResult(All.FirstOrDefault(record => record.Bundle.Run.Id == id));

    public RunBundle Add(Origin origin = Origin.Modelled, bool settled = true, double joulesPerToken = 2)
    {
        var receipt = new RunReceipt
        {
            Started = Started, Finished = Started.AddSeconds(100), Origin = origin, Gpus = [], Engine = "energyttt 0.1", CodeVersion = "0.1.0", SettingsSha256 = "ab", OrderSeed = 7, Order = ["Baseline", "Greedy"], Host = "linux", Publishable = false,
            Reasons = ["too_few_pairs"],
        };
        var bundle = new RunBundle
        {
            Schema = 1,
            Run = new RunDescription
            {
                Id = Guid.CreateVersion7(), Kind = "compare", Name = "tiny", Started = Started, Finished = settled ? Started.AddSeconds(100) : null, State = settled ? RunState.Completed : RunState.Running, Origin = origin,
                Parameters = new() { ["batch_size"] = All.Count + 1, ["preset"] = "tiny" }, Metrics = new() { ["saving_percent"] = 12.5 },
            },
            Arms = [Arm("Baseline", origin, joulesPerToken), Arm("Greedy", origin, 0.8 * joulesPerToken)],
            Trials =
            [
                new RunTrial { Block = 0, Arm = "Baseline", Started = Started, Finished = Started.AddSeconds(9), Seconds = 9, Tokens = 1000, Origin = origin, Joules = 2000 },
                new RunTrial { Block = 1, Arm = "Greedy", Started = Started, Finished = Started.AddSeconds(9), Seconds = 9, Tokens = 1000, Origin = origin, Codes = ["too_short"] },
            ],
            Comparisons =
            [
                new RunComparison
                {
                    Control = "Baseline", Treated = "Greedy", Pairs = 12, Origin = origin, Method = "paired_blocks_t", SavingPercent = 6.1, Ci95 = [4.7, 7.5], LogRatios = [-0.06, -0.07], Verdict = origin == Origin.Measured ? Verdict.Saving : Verdict.NotMeasured,
                    Publishable = false, Reasons = ["no_aa_run"],
                },
            ],
            Series = [new RunSeries { Name = "temperature", Label = "gpu 0", XUnit = "s", YUnit = "Cel", Origin = origin, X = [0, 1, 2], Y = [40, null, 44] }],
            Receipt = settled ? receipt : null,
            ReceiptSha256 = settled ? RunBundleFile.Digest(receipt) : null,
        };
        All.Add(new RunRecord(bundle, Started, Started, settled ? "imported" : "live", "key/abc", settled, settled ? "ab" : null));
        return bundle;
    }

    private static RunArm Arm(string name, Origin origin, double joulesPerToken) => new()
    {
        Name = name, Strategy = name, Grouping = "random", Phase = "decode", BatchSize = 16, Trials = 1, Tokens = 1000, Origin = origin, JoulesPerToken = joulesPerToken, JoulesPerTokenLow = 0.98 * joulesPerToken, JoulesPerTokenHigh = 1.02 * joulesPerToken,
    };

    private static object? Value(RunBundle bundle, RunField column) => column.Name switch
    {
        "run.name" => bundle.Run.Name,
        "started" => bundle.Run.Started,
        "metric.saving_percent" => bundle.Run.Metrics.TryGetValue("saving_percent", out var saving) ? saving : null,
        _ => null,
    };
}
