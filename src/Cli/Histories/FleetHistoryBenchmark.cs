using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Ingests;
using EnergyTTT.History;
using EnergyTTT.History.Access;
using EnergyTTT.History.Rollups.Benchmarks;
using EnergyTTT.History.Servers;
using Npgsql;

namespace EnergyTTT.Cli.Histories;

/// <summary>What is asked of the benchmark.</summary>
/// <param name="Gpus">GPUs with a history.</param>
/// <param name="Days">Days of minutes.</param>
/// <param name="Hours">Hours of sealed seconds.</param>
/// <param name="Rate">Frames a second that other GPUs send meanwhile.</param>
/// <param name="Questions">Questions of each kind.</param>
internal sealed record FleetHistoryPlan(int Gpus, int Days, int Hours, double Rate, int Questions);

/// <summary>A kind of question with its times.</summary>
/// <param name="Name">What is asked.</param>
/// <param name="BarMilliseconds">The bar of the 95th percentile; null: there is none.</param>
/// <param name="Milliseconds">From sending to the last byte of the answer.</param>
/// <param name="Bytes">Bytes of one answer.</param>
internal sealed record QuestionTimes(string Name, double? BarMilliseconds, IReadOnlyList<double> Milliseconds, long Bytes)
{
    public double Percentile(double share)
    {
        double[] sorted = [.. Milliseconds.Order()];
        return sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];
    }

    public bool Holds => BarMilliseconds is not { } bar || Percentile(0.95) <= bar;
}

/// <summary>Starts a product of its own, fills its database with a fleet's past, lets other GPUs send at half the bar of ingest, and asks the API as a person's browser would.</summary>
internal sealed class FleetHistoryBenchmark(FleetHistoryPlan plan, Action<string> tell)
{
    private const int GpusPerHost = 8;
    private const int GpusPerRack = 64;
    private const int LoadConnections = 250;
    private const string HistoryGpus = "GPU-bench-1%";
    private const string Columns = "application/vnd.energyttt.columns";
    private static readonly string[] Metrics = ["power_average_watts", "energy_joules", "temperature_celsius", "tokens", "joules_per_token", "power_max_watts"];
    private readonly TimeProvider _time = TimeProvider.System;

    public async Task<JsonObject> Run(string program, CancellationToken cancellationToken)
    {
        await using var product = await OwnProduct.Start(program, cancellationToken, "--Retention:Minutes", "40.00:00:00");
        await using var source = HistoryRegistration.OpenSource(PrivateServer.ConnectTo(product.Folder) ?? throw new InvalidOperationException("The product has no database."));
        var (_, secret) = await new ApiKeys(source, _time).Create(new ApiKeyRequest(PersonRoles.Administrator, CreatedBy: "bench"), cancellationToken);
        var postmaster = await StoredFrames.Postmaster(source, cancellationToken) ?? 0;

        // The numbers of hosts begin with 1 for those that have a past and with 2 for those that only send.
        var fleet = Hosts("past", 0x10_0000, plan.Gpus / GpusPerHost, product.Server, secret.Text);
        var senders = Hosts("senders", 0x20_0000, (int)plan.Rate / GpusPerHost, product.Server, secret.Text);
        await Send(fleet, product.Server, null, TimeSpan.FromSeconds(1), cancellationToken);
        var until = await Fill(source, cancellationToken);
        using var client = new HttpClient { BaseAddress = product.Server, Timeout = TimeSpan.FromMinutes(2) };
        client.DefaultRequestHeaders.Authorization = new("Bearer", secret.Text);
        client.DefaultRequestHeaders.Accept.ParseAdd(Columns);

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        foreach (var host in senders)
        {
            host.ContinueFrom(_time.GetUtcNow());
        }

        tell($"{senders.Count * GpusPerHost} other GPUs send {plan.Rate:0} frames/s");
        var load = Send(senders, product.Server, plan.Rate / GpusPerHost, TimeSpan.FromSeconds(20 + (plan.Questions * 1.2)), cancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(10), _time, cancellationToken); // newcomers are made known to grains and tables
        var right = await Check(client, source, until, cancellationToken);
        var before = ProcessCosts.Now(product.ProcessId, postmaster);
        var started = _time.GetTimestamp();
        List<QuestionTimes> times = [];
        foreach (var (name, bar, ask) in Questions(until))
        {
            tell(name);
            times.Add(await Time(client, name, bar, ask, cancellationToken));
        }

        var seconds = _time.GetElapsedTime(started).TotalSeconds;
        var costs = ProcessCosts.Now(product.ProcessId, postmaster).Since(before);
        var sent = await load;
        return Answer(times, right, sent, costs.Others / seconds, await Sizes(source, cancellationToken));
    }

    /// <summary>Fills the past up to the whole hour before the last, in the steps in which it is told.</summary>
    private async Task<DateTime> Fill(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        var hour = new DateTime(now.Year, now.Month, now.Day, now.Hour, 0, 0, DateTimeKind.Utc);
        var started = Stopwatch.GetTimestamp();
        for (var day = hour.AddDays(-plan.Days); day < hour; day = day.AddDays(1))
        {
            await SyntheticTelemetry.Minutes(source, HistoryGpus, day, day.AddDays(1), cancellationToken);
            tell($"minutes up to {day.AddDays(1):u}, {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        }

        for (var month = hour.AddDays(-365); month < hour; month = month.AddDays(73))
        {
            await SyntheticTelemetry.Hours(source, HistoryGpus, month, month.AddDays(73), cancellationToken);
            tell($"hours up to {month.AddDays(73):u}, {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        }

        var frames = await SyntheticTelemetry.Seconds(source, HistoryGpus, hour.AddHours(-plan.Hours - 4), hour.AddHours(-4), seed: 1, cancellationToken);
        tell($"{frames} sealed frames, {Stopwatch.GetElapsedTime(started).TotalSeconds:0} s");
        await SyntheticTelemetry.Complete(source, hour, hour, cancellationToken);
        await using var analyze = source.CreateCommand("analyze telemetry.frame_1m, telemetry.frame_1h, telemetry.sealed, telemetry.fleet_1m, telemetry.fleet_1h");
        analyze.CommandTimeout = 0;
        await analyze.ExecuteNonQueryAsync(cancellationToken);
        return hour;
    }

    private List<(string Name, double? Bar, Func<int, string> Ask)> Questions(DateTime until)
    {
        var end = Uri.EscapeDataString(until.ToString("o", CultureInfo.InvariantCulture));
        var day = Uri.EscapeDataString(until.AddDays(-1).ToString("o", CultureInfo.InvariantCulture));
        var year = Uri.EscapeDataString(until.AddDays(-365).ToString("o", CultureInfo.InvariantCulture));
        var sealedFrom = Uri.EscapeDataString(until.AddHours(-8).ToString("o", CultureInfo.InvariantCulture));
        var sealedTo = Uri.EscapeDataString(until.AddHours(-7).ToString("o", CultureInfo.InvariantCulture));
        return
        [
            ("fleet view, all GPUs with a past", 200, _ => "/v1/fleet?scope=site/past"),
            ("fleet, 24 h by the minute", 50, i => $"/v1/series?metric={Metrics[i % Metrics.Length]}&from={day}&to={end}&step=1m&aggregate=natural"),
            ("fleet, a year by the hour", 300, i => $"/v1/series?metric={Metrics[i % Metrics.Length]}&from={year}&to={end}&step=1h&aggregate=natural"),
            ("one GPU, 24 h by the minute", null, i => $"/v1/series?metric={Metrics[i % Metrics.Length]}&gpu={Gpu(i)}&from={day}&to={end}&step=1m"),
            ("one GPU, a sealed hour by the second", null, i => $"/v1/series?metric={Metrics[i % Metrics.Length]}&gpu={Gpu(i)}&from={sealedFrom}&to={sealedTo}&step=1s"),
            ("one rack, 24 h by the minute", null, i => $"/v1/series?metric={Metrics[i % Metrics.Length]}&rack=r{(0x10_0000 / 8) + (i % Math.Max(1, plan.Gpus / GpusPerRack)):000}&from={day}&to={end}&step=1m&aggregate=natural"),
        ];

        string Gpu(int i) => string.Create(CultureInfo.InvariantCulture, $"GPU-bench-{0x10_0000 + (i * 37 % (plan.Gpus / GpusPerHost)):x6}-{i % GpusPerHost:x2}");
    }

    private async Task<QuestionTimes> Time(HttpClient client, string name, double? bar, Func<int, string> ask, CancellationToken cancellationToken)
    {
        List<double> times = [];
        var bytes = 0L;
        for (var i = 0; i < plan.Questions; i++)
        {
            var started = _time.GetTimestamp();
            using var answer = await client.GetAsync(new Uri(ask(i), UriKind.Relative), cancellationToken);
            bytes = (await answer.Content.ReadAsByteArrayAsync(cancellationToken)).Length;
            times.Add(_time.GetElapsedTime(started).TotalMilliseconds);
            if (!answer.IsSuccessStatusCode)
            {
                throw new InvalidOperationException($"{ask(i)} was answered {(int)answer.StatusCode}.");
            }
        }

        return new QuestionTimes(name, bar, times, bytes);
    }

    /// <summary>The fleet's energy by the minute and by the hour against the plain sum over all its rows.</summary>
    private static async Task<bool> Check(HttpClient client, NpgsqlDataSource source, DateTime until, CancellationToken cancellationToken)
    {
        var right = true;
        foreach (var (range, step, sql) in new[]
        {
            (TimeSpan.FromDays(1), "1m", "select sum(energy_joules_sum) from telemetry.frame_1m where minute >= $1 and minute < $2"),
            (TimeSpan.FromDays(30), "1h", "select sum(energy_joules_sum) from telemetry.frame_1h where hour >= $1 and hour < $2"),
        })
        {
            await using var command = source.CreateCommand(sql);
            command.CommandTimeout = 0;
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = until - range });
            command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = until });
            var wanted = (double)(await command.ExecuteScalarAsync(cancellationToken))!; // The range is filled.
            using var request = new HttpRequestMessage(
                HttpMethod.Get, new Uri($"/v1/series?metric=energy_joules&aggregate=natural&step={step}&from={Moment(until - range)}&to={Moment(until)}", UriKind.Relative));
            request.Headers.Accept.ParseAdd("application/json");
            using var answer = await client.SendAsync(request, cancellationToken);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken));
            var got = body?["series"]?[0]?["values"]?.AsArray().Sum(value => (double?)value ?? 0) ?? double.NaN;
            right &= Math.Abs(got - wanted) <= 1e-9 * wanted;
        }

        return right;

        static string Moment(DateTime moment) => Uri.EscapeDataString(moment.ToString("o", CultureInfo.InvariantCulture));
    }

    private static List<BenchHost> Hosts(string site, int first, int count, Uri server, string key) =>
        [.. Enumerable.Range(first, count).Select(number => new BenchHost(number, GpusPerHost, "bench-history", server.Authority, key, TimeProvider.System.GetUtcNow(), site))];

    private static Task<LoadResult> Send(List<BenchHost> hosts, Uri server, double? batchesPerSecond, TimeSpan duration, CancellationToken cancellationToken) =>
        new LoadPhase(hosts, new IPEndPoint(IPAddress.Loopback, server.Port), Math.Min(hosts.Count, LoadConnections), batchesPerSecond ?? hosts.Count, duration).Run(cancellationToken);

    private static async Task<JsonObject> Sizes(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select
                parent.relname, sum(pg_total_relation_size(inhrelid))::bigint
            from pg_inherits
            join pg_class parent on parent.oid = inhparent
            where parent.relname in ('frame', 'sealed', 'frame_1m', 'frame_1h')
            group by 1
            order by 1
            """;
        await using var command = source.CreateCommand(Sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var sizes = new JsonObject();
        while (await reader.ReadAsync(cancellationToken))
        {
            sizes[reader.GetString(0)] = reader.GetInt64(1);
        }

        return sizes;
    }

    private JsonObject Answer(List<QuestionTimes> times, bool right, LoadResult load, double others, JsonObject sizes) => new()
    {
        ["gpus"] = plan.Gpus,
        ["days_of_minutes"] = plan.Days,
        ["hours_of_seconds"] = plan.Hours,
        ["origin"] = "simulated",
        ["answers_right"] = right,
        ["ingest_frames_per_second"] = Math.Round(load.FramesPerSecond),
        ["ingest_target_frames_per_second"] = plan.Rate,
        ["ingest_p99_ms"] = Math.Round(1000 * load.P99),
        ["processors_taken_by_others"] = Math.Round(others, 2),
        ["bytes"] = sizes,
        ["questions"] = new JsonArray([.. times.Select(it => (JsonNode)new JsonObject
        {
            ["question"] = it.Name,
            ["asked"] = it.Milliseconds.Count,
            ["bytes"] = it.Bytes,
            ["p50_ms"] = Math.Round(it.Percentile(0.5), 1),
            ["p95_ms"] = Math.Round(it.Percentile(0.95), 1),
            ["max_ms"] = Math.Round(it.Milliseconds.Max(), 1),
            ["bar_ms"] = it.BarMilliseconds,
            ["bar_holds"] = it.BarMilliseconds is null ? null : it.Holds,
        })]),
        ["bar_holds"] = right && times.All(it => it.Holds),
    };
}
