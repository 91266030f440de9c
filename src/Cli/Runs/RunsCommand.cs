using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Wire.Runs;
using Spectre.Console;

namespace EnergyTTT.Cli.Runs;

/// <summary><c>energyttt runs query|show|compare|import|export</c>: the history of experiments on a server.</summary>
internal static class RunsCommand
{
    public static Command Create() => new("runs", "Recorded experiments: find, show, compare, import, export.") { Query(), Show(), Compare(), Import(), Export() };

    private static Option<string?> Order() => new("--order") { Description = "A field to order by, with ' desc' for the greatest first; the newest first when not given." };

    private static Option<string?> Columns() => new("--columns") { Description = "Fields with ',' between them, such as run.name,metric.saving_percent." };

    private static string Address(string path, ParseResult parse, Argument<string?> query, Option<string?> order, Option<string?> columns, params (string Name, string? Value)[] more)
    {
        var parts = new List<(string Name, string? Value)> { ("q", parse.GetValue(query)), ("order", parse.GetValue(order)), ("columns", parse.GetValue(columns)) };
        return path + "?" + string.Join('&', parts.Concat(more).Where(part => !string.IsNullOrEmpty(part.Value)).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value!)}")); // the empty ones are out
    }

    private static Argument<string?> Question() => new("query") { Description = "Such as: metric.saving_percent > 5 and origin = \"measured\". Every run when not given.", Arity = ArgumentArity.ZeroOrOne };

    private static Command Query()
    {
        var options = new ServerOptions();
        var (query, order, columns) = (Question(), Order(), Columns());
        var limit = new Option<int>("--limit") { Description = "Runs at most.", DefaultValueFactory = _ => 50 };
        var command = options.AddTo(new Command("query", "Runs that a query finds.") { query, order, columns, limit });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            var wanted = parse.GetValue(limit);
            var rows = new JsonArray();
            JsonArray? names = null;
            string? cursor = null;
            do
            {
                var address = Address("/v1/runs", parse, query, order, columns, ("cursor", cursor), ("limit", $"{Math.Clamp(wanted - rows.Count, 1, 1000)}"));
                using var request = new HttpRequestMessage(HttpMethod.Get, address);
                if (await RunsAnswer.Ask(client, request, parse.GetValue(query), cancellationToken) is not { } page)
                {
                    return 1;
                }

                names ??= page["columns"]!.AsArray(); // every page has columns and runs
                foreach (var row in page["runs"]!.AsArray())
                {
                    rows.Add(row!.DeepClone());
                }

                cursor = (string?)page["next"];
            }
            while (cursor is not null && rows.Count < wanted);

            if (parse.GetValue(options.Json))
            {
                Console.WriteLine(rows.ToJsonString());
                return 0;
            }

            RunsPrinter.Rows(rows, names);
            return 0;
        });
        return command;
    }

    private static Command Show()
    {
        var options = new ServerOptions();
        var id = new Argument<string>("id") { Description = "The run's identity." };
        var command = options.AddTo(new Command("show", "One run: its arms, what was compared, its receipt and verdict.") { id });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/runs/" + Uri.EscapeDataString(parse.GetValue(id)!)); // an argument without a default is required
            if (await ServerAnswer.Ask(client, request, cancellationToken) is not { } run)
            {
                return 1;
            }

            if (parse.GetValue(options.Json))
            {
                Console.WriteLine(run.ToJsonString());
                return 0;
            }

            RunsPrinter.Run(run);
            return 0;
        });
        return command;
    }

    private static Command Compare()
    {
        var options = new ServerOptions();
        var ids = new Argument<string[]>("ids") { Description = "Two or more runs; the first is the baseline.", Arity = new ArgumentArity(2, 16) };
        var command = options.AddTo(new Command("compare", "Runs side by side: what differs, and joules per token against the first.") { ids });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/runs/compare?ids=" + Uri.EscapeDataString(string.Join(',', parse.GetValue(ids)!))); // required
            if (await ServerAnswer.Ask(client, request, cancellationToken) is not { } contrast)
            {
                return 1;
            }

            if (parse.GetValue(options.Json))
            {
                Console.WriteLine(contrast.ToJsonString());
                return 0;
            }

            RunsPrinter.Contrast(contrast);
            return 0;
        });
        return command;
    }

    private static Command Import()
    {
        var options = new ServerOptions();
        var files = new Argument<FileInfo[]>("files") { Description = $"Bundles of runs (*{RunBundleFile.Extension}).", Arity = ArgumentArity.OneOrMore };
        var command = options.AddTo(new Command("import", "Record bundles on a server; the same one twice changes nothing.") { files });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            var answers = new JsonArray();
            var failed = false;
            foreach (var file in parse.GetValue(files)!) // required
            {
                if (!file.Exists)
                {
                    await Console.Error.WriteLineAsync($"{file} is not there.");
                    failed = true;
                    continue;
                }

                using var content = new ByteArrayContent(await File.ReadAllBytesAsync(file.FullName, cancellationToken));
                content.Headers.ContentType = new MediaTypeHeaderValue(RunBundleFile.MediaType);
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/runs/import") { Content = content };
                var answer = await ServerAnswer.Ask(client, request, cancellationToken);
                failed |= answer is null;
                if (answer is not null)
                {
                    answers.Add(new JsonObject { ["file"] = file.ToString(), ["outcome"] = answer["outcome"]?.DeepClone(), ["state"] = answer["state"]?.DeepClone() });
                }
            }

            if (parse.GetValue(options.Json))
            {
                Console.WriteLine(answers.ToJsonString());
            }
            else
            {
                foreach (var answer in answers)
                {
                    Console.WriteLine($"{answer!["file"]}: {answer["outcome"]} ({answer["state"]})"); // the array was filled above
                }
            }

            return failed ? 1 : 0;
        });
        return command;
    }

    private static Command Export()
    {
        var options = new ServerOptions();
        var (query, order, columns) = (Question(), Order(), Columns());
        var format = new Option<string>("--format") { Description = "csv, json or parquet.", DefaultValueFactory = _ => "csv" };
        format.AcceptOnlyFromAmong("csv", "json", "parquet");
        var output = new Option<FileInfo?>("--out") { Description = "The file to write; the standard output when not given." };
        var command = options.AddTo(new Command("export", "All runs that a query finds, as a file.") { query, order, columns, format, output });
        command.SetAction(async (parse, cancellationToken) =>
        {
            using var client = options.Open(parse);
            using var request = new HttpRequestMessage(HttpMethod.Get, Address("/v1/runs/export", parse, query, order, columns, ("format", parse.GetValue(format))));
            try
            {
                using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (!response.IsSuccessStatusCode)
                {
                    await RunsAnswer.Explain(client, response, parse.GetValue(query), cancellationToken);
                    return 1;
                }

                await using var stream = parse.GetValue(output) is { } file ? file.Create() : Console.OpenStandardOutput();
                await response.Content.CopyToAsync(stream, cancellationToken);
                return 0;
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException or UnauthorizedAccessException)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return 1;
            }
        });
        return command;
    }
}
