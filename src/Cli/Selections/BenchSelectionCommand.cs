using System.CommandLine;
using System.Text.Json;
using EnergyTTT.Selection.Epochs;
using Spectre.Console;

namespace EnergyTTT.Cli.Selections;

/// <summary><c>energyttt bench selection --gates PREFIX</c>: what each selection makes of the recorded gates of a real model.</summary>
internal static class BenchSelectionCommand
{
    private const int RandomSeeds = 10;
    private static readonly int[] BatchSizes = [8, 16, 64];
    private static readonly JsonSerializerOptions Printed = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create()
    {
        var gates = new Option<string>("--gates") { Description = "Common beginning of a recording's three files, for example data/gates_e64.", Required = true };
        var json = new Option<bool>("--json") { Description = "Print JSON instead of tables." };
        var quick = new Option<bool>("--quick") { Description = "Only the table of steps, without the comparison at equal mass." };
        var command = new Command("selection", "Replay recorded gates through every selection: distinct experts against retained gate mass.") { gates, json, quick };
        command.SetAction(parsed => Run(parsed.GetValue(gates)!, parsed.GetValue(quick), parsed.GetValue(json)));
        return command;
    }

    private static int Run(string prefix, bool quick, bool json)
    {
        GateRecording recording;
        try
        {
            recording = GateRecording.Read(prefix);
        }
        catch (Exception unreadable) when (unreadable is InvalidDataException or JsonException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(unreadable.Message);
            return 2;
        }

        var steps = Steps(recording).ToArray();
        var compared = quick ? [] : Compare(recording).ToArray();
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { schema = 1, gates = prefix, origin = "replayed", steps, equalMass = compared }, Printed));
            return 0;
        }

        Print("Distinct experts per layer and step / mean / least retained mass (replayed)", ["N", "groups", "selection", "distinct", "mean mass", "least mass"],
            steps.Select(s => new[] { $"{s.Tokens}", s.Groups, s.Selection, $"{s.Distinct:0.00}", $"{s.MassMean:0.0000}", $"{s.MassMin:0.000}" }));
        if (!quick)
        {
            Print("At equal mean mass, settings from the first half of the positions, judged on the second (replayed)",
                ["N", "groups", "floor", "rate", "distinct", "mean mass", "least mass", "greedy there", "change"],
                compared.Select(c => new[] { $"{c.Tokens}", c.Groups, $"{c.Floor:0.00}", $"{c.Rate:0.0000}", $"{c.Distinct:0.00}", $"{c.MassMean:0.0000}", $"{c.MassMin:0.000}", $"{c.Greedy:0.00}", $"{100 * ((c.Distinct / c.Greedy) - 1):+0.0;-0.0} %" }));
        }

        return 0;
    }

    private static IEnumerable<StepLine> Steps(GateRecording recording)
    {
        var replay = new GateReplay(recording);
        int[] all = [.. Enumerable.Range(0, recording.Sequences)];
        (string Name, BatchStep Step)[] selections =
        [
            ("plain", BatchStep.None), ("opportunistic k0=5", BatchStep.OpportunisticActivation(5)), ("opportunistic k0=4", BatchStep.OpportunisticActivation(4)),
            ("greedy >= .98", BatchStep.GreedyConsolidation(0.98f)), ("greedy >= .95", BatchStep.GreedyConsolidation(0.95f)), ("greedy >= .90", BatchStep.GreedyConsolidation(0.90f)),
            ("marginal >= .98", BatchStep.MarginalConsolidation(0.98f)), ("marginal >= .95", BatchStep.MarginalConsolidation(0.95f)), ("marginal >= .90", BatchStep.MarginalConsolidation(0.90f)),
        ];
        foreach (var tokens in BatchSizes.Where(n => n <= recording.Sequences))
        {
            var random = Enumerable.Range(0, RandomSeeds).Select(seed => SequenceGroups.Random(all, tokens, seed)).ToArray();
            var affinity = new[] { SequenceGroups.Affinity(recording, all, tokens), SequenceGroups.Signature(recording, all, tokens), SequenceGroups.Refined(recording, all, tokens) };
            foreach (var (name, step) in selections)
            {
                var runs = random.Select(groups => replay.Run(groups, step, ..)).ToArray();
                yield return new(tokens, $"random, mean of {RandomSeeds}", name, runs.Average(r => r.Distinct), runs.Average(r => r.MassMean), runs.Min(r => r.MassMin));
                foreach (var groups in affinity)
                {
                    var figures = replay.Run(groups, step, ..);
                    yield return new(tokens, groups.Name, name, figures.Distinct, figures.MassMean, figures.MassMin);
                }
            }
        }
    }

    private static IEnumerable<EqualLine> Compare(GateRecording recording)
    {
        var replay = new GateReplay(recording);
        var half = recording.Positions / 2;
        var equal = new EqualMass(replay, ..half, half..);
        int[] all = [.. Enumerable.Range(0, recording.Sequences)];
        foreach (var tokens in BatchSizes.Where(n => n <= recording.Sequences))
        {
            var affinity = SequenceGroups.Affinity(recording, all, tokens);
            foreach (var bound in new[] { 0.98f, 0.95f, 0.90f })
            {
                // The mean mass that greedy consolidation at this bound spends on the calibration half is the budget of everybody.
                var budget = replay.Run(affinity, BatchStep.GreedyConsolidation(bound), ..half).MassMean;
                foreach (var (groups, floor) in new[]
                {
                    (affinity, bound), (affinity, bound - 0.05f), (affinity, bound - 0.10f), (affinity, 0.5f), (SequenceGroups.Refined(recording, all, tokens), bound - 0.10f),
                })
                {
                    var (rate, figures) = equal.MarginalAt(groups, floor, budget);
                    var greedy = equal.GreedyAt(affinity, figures.MassMean);
                    yield return new(tokens, groups.Name, bound, floor, rate, figures.Distinct, figures.MassMean, figures.MassMin, greedy.Distinct);
                }
            }
        }
    }

    private static void Print(string title, string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table().Title(title).AddColumns(columns);
        foreach (var row in rows)
        {
            table.AddRow(row);
        }

        AnsiConsole.Write(table);
    }

    private sealed record StepLine(int Tokens, string Groups, string Selection, double Distinct, double MassMean, double MassMin);

    private sealed record EqualLine(int Tokens, string Groups, float GreedyBound, float Floor, double Rate, double Distinct, double MassMean, double MassMin, double Greedy);
}
