using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Ingests;
using EnergyTTT.History;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Migrations;
using EnergyTTT.History.Runs.Benchmarks;
using EnergyTTT.History.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Spectre.Console;

namespace EnergyTTT.Cli.Histories;

/// <summary><c>energyttt bench history</c>: questions about a fleet's past at the API while frames come in (<see cref="FleetHistoryBenchmark"/>), and questions with <c>or</c>, <c>in</c> and ranges over many synthetic runs, on a private PostgreSQL of the product's own settings, beside a jsonb table with a GIN index.</summary>
internal static class BenchHistoryCommand
{
    private const double BarMilliseconds = 200;
    private const int MostFleetQuestions = 60;
    private const string Both = "both";
    private const string RunsPart = "runs";
    private const string FleetPart = "fleet";

    public static Command Create()
    {
        var count = new Option<int>("--runs") { Description = "Synthetic runs.", DefaultValueFactory = _ => 100_000 };
        var questions = new Option<int>("--questions") { Description = "Questions that are asked and counted.", DefaultValueFactory = _ => 400 };
        var seed = new Option<int>("--seed") { Description = "Draws the constants of the questions.", DefaultValueFactory = _ => 1 };
        var json = new Option<bool>("--json") { Description = "Print JSON instead of a table." };
        var part = new Option<string>("--part") { Description = "Only one part: 'runs' or 'fleet'.", DefaultValueFactory = _ => Both };
        part.AcceptOnlyFromAmong(Both, RunsPart, FleetPart);
        var gpus = new Option<int>("--gpus") { Description = "GPUs with a past, in hosts of 8.", DefaultValueFactory = _ => 1_000 };
        var days = new Option<int>("--days") { Description = "Days of minutes of each; a day of 1,000 GPUs takes a gigabyte of disk.", DefaultValueFactory = _ => 30 };
        var hours = new Option<int>("--hours") { Description = "Hours of sealed seconds of each.", DefaultValueFactory = _ => 24 };
        var rate = new Option<double>("--rate") { Description = "Frames a second that other GPUs send meanwhile.", DefaultValueFactory = _ => 10_000 };
        var product = new Option<FileInfo?>("--product") { Description = "EnergyTTT.Silo.dll of the product to start; found by itself in a build or a publish folder." };
        foreach (var option in new[] { count, questions, gpus })
        {
            option.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() < 8)
                {
                    result.AddError($"{option.Name} must be 8 or more.");
                }
            });
        }

        var command = new Command("history", "How long questions about runs take; every answer is checked first.") { count, questions, seed, part, gpus, days, hours, rate, product, json };
        command.SetAction(async (parse, cancellationToken) =>
        {
            var plan = new FleetHistoryPlan(parse.GetValue(gpus), parse.GetValue(days), parse.GetValue(hours), parse.GetValue(rate), Math.Min(parse.GetValue(questions), MostFleetQuestions));
            var wanted = parse.GetValue(part);
            var worst = wanted == RunsPart ? 0 : await AskFleet(plan, parse.GetValue(product), parse.GetValue(json), cancellationToken);
            if (wanted == FleetPart)
            {
                return worst;
            }

            var folder = new DataFolder(Path.Combine(Path.GetTempPath(), "energyttt-bench-" + Guid.NewGuid().ToString("N")[..8]));
            try
            {
                await using (var server = await PrivateServer.StartAsync(folder, NullLoggerFactory.Instance, TimeProvider.System, cancellationToken))
                {
                    await using var source = HistoryRegistration.OpenSource(server.ConnectionString);
                    await Migrator.Migrate(source, cancellationToken);
                    return Math.Max(worst, await Run(source, parse.GetValue(count), parse.GetValue(questions), parse.GetValue(seed), parse.GetValue(json), cancellationToken));
                }
            }
            catch (Exception exception) when (exception is NpgsqlException or DataFolderException or PrivateServerException)
            {
                await Console.Error.WriteLineAsync(exception.Message);
                return 1;
            }
            finally
            {
                if (Directory.Exists(folder.Path))
                {
                    Directory.Delete(folder.Path, recursive: true);
                }
            }
        });
        return command;
    }

    /// <summary>A line of JSON of its own, before that of the runs.</summary>
    private static async Task<int> AskFleet(FleetHistoryPlan plan, FileInfo? product, bool json, CancellationToken cancellationToken)
    {
        try
        {
            var program = product?.FullName ?? OwnProduct.Find() ?? throw new InvalidOperationException("The product is not built: build src/Silo in Release, or name its EnergyTTT.Silo.dll with --product.");
            var answer = await new FleetHistoryBenchmark(plan, line => Console.Error.WriteLine(line)).Run(program, cancellationToken);
            if (json)
            {
                Console.WriteLine(answer.ToJsonString());
            }
            else
            {
                var table = new Table().AddColumns("question", "p50 ms", "p95 ms", "bar ms");
                foreach (var it in answer["questions"]!.AsArray()) // The benchmark always answers with them.
                {
                    table.AddRow(Markup.Escape((string?)it?["question"] ?? ""), $"{it?["p50_ms"]}", $"{it?["p95_ms"]}", $"{it?["bar_ms"]}");
                }

                AnsiConsole.Write(table);
            }

            return (bool?)answer["bar_holds"] == true ? 0 : 1;
        }
        catch (Exception exception) when (exception is InvalidOperationException or NpgsqlException or DataFolderException or HttpRequestException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    private static async Task<int> Run(NpgsqlDataSource source, int count, int questions, int seed, bool json, CancellationToken cancellationToken)
    {
        var time = TimeProvider.System;
        await Console.Error.WriteLineAsync($"storing {count} synthetic runs");
        SyntheticRun[] runs = [.. Enumerable.Range(1, count).Select(number => new SyntheticRun(number, count))];
        var begun = time.GetTimestamp();
        var facts = await SyntheticRuns.Load(source, runs, cancellationToken);
        var loading = time.GetElapsedTime(begun);
        await Console.Error.WriteLineAsync("storing them as jsonb, for the peer");
        await SyntheticRuns.LoadPeer(source, cancellationToken);
        await Console.Error.WriteLineAsync($"asking {questions} questions of both in turn");
        var figures = await new RunQueryBenchmark(source, runs, time).Run([.. RunQuestionTrial.Draw(16, seed + 1_000_000)], [.. RunQuestionTrial.Draw(questions, seed)], cancellationToken);
        var settings = await DurabilitySettings.Read(source, cancellationToken);

        var p95 = RunQueryFigures.Percentile(figures.Asked.Select(it => it.Milliseconds), 95);
        var peer95 = RunQueryFigures.Percentile(figures.Asked.Select(it => it.PeerMilliseconds), 95);
        if (json)
        {
            Console.WriteLine(new JsonObject
            {
                ["runs"] = count,
                ["facts"] = facts,
                ["origin"] = "simulated",
                ["load_seconds"] = Math.Round(loading.TotalSeconds, 1),
                ["bytes"] = await Bytes(source, cancellationToken),
                ["questions"] = figures.Asked.Count,
                ["answers_right"] = figures.Right,
                ["p50_ms"] = Round(RunQueryFigures.Percentile(figures.Asked.Select(it => it.Milliseconds), 50)),
                ["p95_ms"] = Round(p95),
                ["max_ms"] = Round(figures.Asked.Max(it => it.Milliseconds)),
                ["peer"] = "the same runs in one jsonb column with a GIN index (jsonb_path_ops)",
                ["peer_p50_ms"] = Round(RunQueryFigures.Percentile(figures.Asked.Select(it => it.PeerMilliseconds), 50)),
                ["peer_p95_ms"] = Round(peer95),
                ["ratio"] = Math.Round(peer95 / p95, 2),
                ["bar_ms"] = BarMilliseconds,
                ["bar_holds"] = figures.Right && p95 <= BarMilliseconds,
                ["postgresql"] = settings.ServerVersion,
                ["shapes"] = new JsonArray([.. figures.Asked.GroupBy(it => it.Shape).Select(of => (JsonNode)new JsonObject
                {
                    ["shape"] = of.Key,
                    ["example"] = of.First().Query,
                    ["questions"] = of.Count(),
                    ["p50_ms"] = Round(RunQueryFigures.Percentile(of.Select(it => it.Milliseconds), 50)),
                    ["p95_ms"] = Round(RunQueryFigures.Percentile(of.Select(it => it.Milliseconds), 95)),
                    ["peer_p50_ms"] = Round(RunQueryFigures.Percentile(of.Select(it => it.PeerMilliseconds), 50)),
                    ["peer_p95_ms"] = Round(RunQueryFigures.Percentile(of.Select(it => it.PeerMilliseconds), 95)),
                })]),
            }.ToJsonString());
        }
        else
        {
            var table = new Table().AddColumns("question", "asked", "p50 ms", "p95 ms", "jsonb p50 ms", "jsonb p95 ms", "answers");
            foreach (var of in figures.Asked.GroupBy(it => it.Shape).Append(figures.Asked.GroupBy(_ => "all").Single()))
            {
                table.AddRow(
                    Markup.Escape(of.Key), $"{of.Count()}",
                    Say(RunQueryFigures.Percentile(of.Select(it => it.Milliseconds), 50)), Say(RunQueryFigures.Percentile(of.Select(it => it.Milliseconds), 95)),
                    Say(RunQueryFigures.Percentile(of.Select(it => it.PeerMilliseconds), 50)), Say(RunQueryFigures.Percentile(of.Select(it => it.PeerMilliseconds), 95)),
                    of.All(it => it.Right) ? "right" : "WRONG");
            }

            AnsiConsole.Write(table);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} runs with {facts} facts (simulated); p95 {p95:0.0} ms, bar {BarMilliseconds:0} ms; PostgreSQL {settings.ServerVersion}"));
        }

        return figures.Right ? 0 : 1;
    }

    private static async Task<long> Bytes(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("select (pg_total_relation_size('experiment.run') + pg_total_relation_size('experiment.fact'))::bigint");
        return await command.ExecuteScalarAsync(cancellationToken) as long? ?? 0;
    }

    private static double Round(double milliseconds) => Math.Round(milliseconds, 1);

    private static string Say(double milliseconds) => milliseconds.ToString("0.0", CultureInfo.InvariantCulture);
}
