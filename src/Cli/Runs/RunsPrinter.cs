using System.Globalization;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace EnergyTTT.Cli.Runs;

/// <summary>Runs as tables for people. Every number stands beside its origin; what is unknown is a dash.</summary>
internal static class RunsPrinter
{
    /// <summary>The rows of a query.</summary>
    public static void Rows(JsonArray rows, JsonArray? columns)
    {
        string[] names = ["id", "origin", .. (columns ?? []).Select(name => (string)name!).Where(name => name != "origin")];
        var table = new Table().AddColumns([.. names.Select(Markup.Escape)]);
        foreach (var row in rows)
        {
            table.AddRow([.. names.Select(name => Markup.Escape(Text(row?[name])))]);
        }

        AnsiConsole.Write(table);
        Console.WriteLine($"{rows.Count} runs");
    }

    /// <summary>One run.</summary>
    public static void Run(JsonNode run)
    {
        var of = run["run"];
        Console.WriteLine($"{of?["name"]} ({of?["kind"]}) {of?["id"]}");
        Console.WriteLine($"{of?["state"]}, {of?["origin"]}, started {of?["started"]}{(of?["reason"] is { } reason ? ": " + reason : "")}");
        var arms = new Table { Title = new TableTitle("Arms") }.AddColumns("arm", "origin", "trials", "J/token", "95 % interval", "W", "tokens/s", "ms/token p50", "perplexity", "distinct experts");
        foreach (var arm in run["arms"]?.AsArray() ?? [])
        {
            arms.AddRow([.. new[]
            {
                Text(arm?["name"]), Text(arm?["origin"]), Text(arm?["trials"]), Text(arm?["joules_per_token"]), Interval(arm?["joules_per_token_low"], arm?["joules_per_token_high"]), Text(arm?["watts"]), Text(arm?["tokens_per_second"]),
                Text(arm?["ms_per_token_p50"]), Text(arm?["perplexity"]), Text(arm?["distinct_experts"]),
            }.Select(Markup.Escape)]);
        }

        AnsiConsole.Write(arms);
        var compared = new Table { Title = new TableTitle("Compared") }.AddColumns("treated", "control", "origin", "pairs", "energy %", "95 % interval", "perplexity %", "verdict", "publishable", "reasons");
        foreach (var it in run["comparisons"]?.AsArray() ?? [])
        {
            compared.AddRow([.. new[]
            {
                Text(it?["treated"]), Text(it?["control"]), Text(it?["origin"]), Text(it?["pairs"]), Text(it?["saving_percent"]), Interval(it?["ci95"]?[0], it?["ci95"]?[1]), Text(it?["perplexity_percent"]), Text(it?["verdict"]),
                Text(it?["publishable"]), string.Join(' ', (it?["reasons"]?.AsArray() ?? []).Select(Text)),
            }.Select(Markup.Escape)]);
        }

        AnsiConsole.Write(compared);
        Console.WriteLine(run["receipt"] is { } receipt
            ? $"receipt {run["receipt_sha256"]}: {((bool?)receipt["publishable"] == true ? "publishable" : "not publishable: " + string.Join(' ', (receipt["reasons"]?.AsArray() ?? []).Select(Text)))}"
            : "no receipt: not publishable");
    }

    /// <summary>Runs side by side.</summary>
    public static void Contrast(JsonNode contrast)
    {
        var runs = contrast["runs"]?.AsArray() ?? [];
        string[] heads = [.. runs.Select((run, number) => $"{Text(run?["id"])[^12..]}{(number == 0 ? " (baseline)" : "")}")];
        var settings = new Table { Title = new TableTitle($"What differs ({contrast["same"]} settings are the same)") }.AddColumns([.. heads.Prepend("setting").Select(Markup.Escape)]);
        foreach (var setting in contrast["settings"]?.AsArray() ?? [])
        {
            settings.AddRow([.. (setting?["values"]?.AsArray() ?? []).Select(Text).Prepend(Text(setting?["name"])).Select(Markup.Escape)]);
        }

        AnsiConsole.Write(settings);
        var arms = new Table { Title = new TableTitle("Joules per token; runs are not paired, so a change is no saving") }.AddColumns([.. heads.Prepend("arm").Select(Markup.Escape)]);
        foreach (var arm in contrast["arms"]?.AsArray() ?? [])
        {
            arms.AddRow([.. Enumerable.Range(0, heads.Length).Select(run => Change(arm?["arms"]?[run], arm?["changes"]?[run])).Prepend(Text(arm?["name"])).Select(Markup.Escape)]);
        }

        AnsiConsole.Write(arms);
    }

    private static string Change(JsonNode? arm, JsonNode? change) =>
        arm is null ? "-"
        : $"{Text(arm["joules_per_token"])} {arm["origin"]}" + (change is null ? "" : change["percent"] is { } percent ? $", {Text(percent)} % ({Interval(change["low"], change["high"])})" : $", {change["reason"]}");

    private static string Interval(JsonNode? low, JsonNode? high) => low is null || high is null ? "-" : $"{Text(low)} to {Text(high)}";

    private static string Text(JsonNode? value) => value switch
    {
        null => "-",
        JsonValue number when number.GetValueKind() == System.Text.Json.JsonValueKind.Number => ((double)number).ToString("G4", CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
