using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Wire.Backtests;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using Spectre.Console;

namespace EnergyTTT.Cli.Policies;

/// <summary><c>energyttt policy backtest -f policy.yaml</c>: the recorded past through the draft and through the policy in force.</summary>
internal static class BacktestCommand
{
    public static Command Create()
    {
        var options = new ServerOptions();
        var scope = new Option<string?>("--scope", "-s") { Description = "The scope; the file's own, or the fleet, when not given." };
        var file = new Option<string>("--file", "-f") { Description = "A file in YAML or JSON that holds everything that the scope is to set.", Required = true };
        var hours = new Option<int>("--hours") { Description = "How much of the past, 1 to 24.", DefaultValueFactory = _ => 6 };
        var command = options.AddTo(new Command("backtest", "What a draft would have done over the last hours, beside the policy in force; modelled, nothing is saved.") { file, scope, hours });
        command.SetAction(async (parse, cancellationToken) =>
        {
            if (await PolicyFile.Load(parse.GetValue(file)!, cancellationToken) is not { } read) // required
            {
                return 1;
            }

            using var client = options.Open(parse);
            var body = JsonSerializer.SerializeToNode(new BacktestRequest(read.Document, parse.GetValue(hours)), WireJson.Default.BacktestRequest);
            var name = parse.GetValue(scope) ?? read.Scope ?? PolicyScopes.Fleet;
            if ((await new PolicyServer(client).Ask(HttpMethod.Post, PolicyServer.PathOf(name) + "/backtest", cancellationToken, body))?.Deserialize(WireJson.Default.BacktestReport) is not { } report)
            {
                return 1;
            }

            if (parse.GetValue(options.Json))
            {
                Console.WriteLine(JsonSerializer.Serialize(report, WireJson.Default.BacktestReport));
                return 0;
            }

            Print(report);
            return 0;
        });
        return command;
    }

    private static void Print(BacktestReport report)
    {
        var table = new Table().AddColumns("deployment", "J/token", "W a GPU", "°C", "retained mass", "routers", "model's own error");
        foreach (var row in report.Deployments)
        {
            table.AddRow([.. new[]
            {
                row.Deployment, Both(row.Current.JoulesPerToken, row.Draft.JoulesPerToken), Both(row.Current.Watts, row.Draft.Watts), Both(row.Current.Celsius, row.Draft.Celsius), Both(row.Current.RetainedMass, row.Draft.RetainedMass),
                row.RoutersAffected.ToString(CultureInfo.InvariantCulture), row.Error.JoulesPerTokenPercent is { } error ? string.Create(CultureInfo.InvariantCulture, $"{error:0.0} % of J/token over {row.Error.Stretches} stretches") : "too short a record",
            }.Select(Markup.Escape)]);
        }

        AnsiConsole.Write(table);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.Origin}: in force → draft, over {report.From:u} to {report.To:u}; {report.RoutersAffected} routers and {report.GpusAffected} GPUs affected."));
        foreach (var note in report.Notes)
        {
            Console.WriteLine(note);
        }
    }

    private static string Both(double? current, double? draft) => string.Create(CultureInfo.InvariantCulture, $"{Text(current)} → {Text(draft)}");

    private static string Text(double? value) => value?.ToString("G4", CultureInfo.InvariantCulture) ?? "unknown";
}
