using System.Globalization;
using EnergyTTT.History.Gpus;
using EnergyTTT.History.Locks;
using EnergyTTT.History.Partitions;
using EnergyTTT.History.Rollups;
using EnergyTTT.History.Series;
using EnergyTTT.History.Tests.Frames;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Xunit;

namespace EnergyTTT.History.Tests.Rollups;

/// <summary>The clock is ours: it stands at 2026-03-29, when the clocks of Europe change, and nothing may notice.</summary>
public sealed class RollerTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 3, 29, 0, 30, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _clock = new(Start);

    // One per test: roll-ups are state of the whole database.
    private readonly PostgresFixture _postgres = new();
    private WriterUnderTest _history = null!; // InitializeAsync sets it before any test.

    private Roller TheRoller => _history.Provider.GetRequiredService<Roller>();

    private SeriesReader Reader => _history.Provider.GetRequiredService<SeriesReader>();

    public async Task InitializeAsync()
    {
        await _postgres.InitializeAsync();
        _history = await WriterUnderTest.Start(_postgres.ConnectionString, services => services
            .AddSingleton<TimeProvider>(_clock)
            .Configure<RollupOptions>(options => options.LateQuiet = TimeSpan.Zero));
    }

    public async Task DisposeAsync()
    {
        await _history.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task Rolled_up_series_equal_what_the_frames_say_over_the_hour_when_clocks_change()
    {
        var frames = RandomFrames("rolled-host", gpus: 3, seconds: 3 * 3600, every: 7, seed: 11);
        await Write("rolled-host", frames);
        var from = Start.AddMinutes(-30);

        var hot = await Answers(from, from.AddHours(4), "rolled-host");
        _clock.Advance(TimeSpan.FromHours(3.2));
        await TheRoller.Roll(CancellationToken.None);
        var rolled = await Answers(from, from.AddHours(4), "rolled-host");

        foreach (var metric in MetricsCatalogue.All)
        {
            foreach (var step in new[] { 60, 300, 3600 })
            {
                var naive = Naive(frames, metric.Name, from, from.AddHours(4), step);
                AssertSame(naive, hot[(metric.Name, step)], $"{metric.Name} by {step} s from frames");
                AssertSame(naive, rolled[(metric.Name, step)], $"{metric.Name} by {step} s from roll-ups");
            }
        }

        Assert.True(await Count("frame_1m") > 500);
        Assert.True(await Count("frame_1h") >= 9);
        Assert.Equal(0, await Count("touched"));
    }

    [Fact]
    public async Task A_late_frame_rolls_up_its_minute_and_its_hour_again()
    {
        _clock.SetUtcNow(Start.AddHours(20));
        var batch = TelemetryBatches.Make("late-host", _clock.GetUtcNow(), gpus: 1, seconds: 60);
        await Write("late-host", batch.Frames.Where((_, i) => i != 30).ToList());
        _clock.Advance(TimeSpan.FromHours(2));
        await TheRoller.Roll(CancellationToken.None);
        var directory = _history.Provider.GetRequiredService<GpuDirectory>();
        var before = await directory.Find(batch.Frames[0].Gpu, CancellationToken.None);

        await Write("late-host", [batch.Frames[30]]);
        await TheRoller.Roll(CancellationToken.None);
        var after = await directory.Find(batch.Frames[0].Gpu, CancellationToken.None);
        var again = await TheRoller.Roll(CancellationToken.None);

        var hour = await Reader.Read(new SeriesQuery("energy_joules", Start.AddHours(19.5), Start.AddHours(21.5)) { Hosts = ["late-host"], Step = TimeSpan.FromHours(1) }, CancellationToken.None);
        var all = batch.Frames.Sum(frame => frame.EnergyJoules!.Value);
        Assert.Equal(all, Assert.Single(hour.Series).Values.Sum(value => value ?? 0), 6);
        Assert.Equal(all - 130, before!.EnergyTotalJoules, 6);
        Assert.Equal(all, after!.EnergyTotalJoules, 6);
        Assert.Equal(0, again);
    }

    [Fact]
    public async Task A_complete_minute_into_which_frames_still_stream_waits_for_quiet_but_not_for_ever()
    {
        var options = _history.Provider.GetRequiredService<IOptions<RollupOptions>>().Value;
        (options.LateQuiet, options.LateMost) = (TimeSpan.FromHours(1), TimeSpan.FromHours(1));
        var batch = TelemetryBatches.Make("stream-host", Start, gpus: 1, seconds: 30);
        await Write("stream-host", [batch.Frames[0]]);
        _clock.Advance(TimeSpan.FromMinutes(5));

        var first = await TheRoller.Roll(CancellationToken.None);
        await Write("stream-host", [batch.Frames[1]]);
        var streaming = await TheRoller.Roll(CancellationToken.None);
        options.LateMost = TimeSpan.Zero;
        var patienceGone = await TheRoller.Roll(CancellationToken.None);
        await Write("stream-host", [batch.Frames[2]]);
        (options.LateQuiet, options.LateMost) = (TimeSpan.Zero, TimeSpan.FromHours(1));
        var quiet = await TheRoller.Roll(CancellationToken.None);

        Assert.Equal([1, 0, 1, 1], [first, streaming, patienceGone, quiet]);
    }

    [Fact]
    public async Task Only_one_process_rolls_up_at_a_time()
    {
        await using var connection = await _postgres.Source.OpenConnectionAsync();
        await using var other = new NpgsqlCommand("select pg_advisory_lock($1)", connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = AdvisoryLock.Roller } } };
        await other.ExecuteNonQueryAsync();

        Assert.Null(await TheRoller.Roll(CancellationToken.None));
    }

    [Fact]
    public async Task What_was_added_up_over_the_fleet_equals_what_its_gpus_say_also_when_it_is_added_up_later()
    {
        var frames = RandomFrames("fleet-host", gpus: 4, seconds: 3 * 3600, every: 11, seed: 21);
        await Write("fleet-host", frames.Where((_, i) => i % 5 != 0).ToList());
        _clock.Advance(TimeSpan.FromHours(3.2));
        await TheRoller.Roll(CancellationToken.None);
        await Write("fleet-host", frames.Where((_, i) => i % 5 == 0).ToList()); // late
        await TheRoller.Roll(CancellationToken.None);
        await AssertFleetIsItsGpus();

        await using (var forget = _postgres.Source.CreateCommand(
            "delete from telemetry.fleet_1m where minute < '2026-03-29 03:00+00'; delete from telemetry.fleet_1h where hour < '2026-03-29 03:00+00'; update telemetry.rollup_state set done_until = '2026-03-29 03:00+00' where level like 'fleet%'"))
        {
            await forget.ExecuteNonQueryAsync();
        }

        for (var round = 0; round < 5; round++)
        {
            await AssertFleetIsItsGpus();
            await TheRoller.Roll(CancellationToken.None);
        }

        await using var count = _postgres.Source.CreateCommand("select (select count(*) from telemetry.fleet_1m) = (select count(distinct minute) from telemetry.frame_1m) and (select min(done_until) from telemetry.rollup_state where level like 'fleet%') = '-infinity'");
        Assert.Equal(true, await count.ExecuteScalarAsync());
    }

    private async Task AssertFleetIsItsGpus()
    {
        var from = Start.AddMinutes(-30);
        foreach (var metric in MetricsCatalogue.All)
        {
            foreach (var (step, statistic) in new[] { (60, SeriesStatistic.Natural), (60, SeriesStatistic.Average), (300, SeriesStatistic.Natural), (300, SeriesStatistic.Maximum), (3600, SeriesStatistic.Natural), (7200, SeriesStatistic.Minimum) })
            {
                var query = new SeriesQuery(metric.Name, from, from.AddHours(4)) { Step = TimeSpan.FromSeconds(step), By = SeriesGrouping.Fleet, Statistic = statistic };
                var fleet = (await Reader.Read(query, CancellationToken.None)).Series;
                var gpus = (await Reader.Read(query with { Hosts = ["fleet-host"] }, CancellationToken.None)).Series;
                Assert.Equal(gpus.Length, fleet.Length);
                if (gpus.IsEmpty)
                {
                    continue; // A sensor that no GPU has.
                }

                var (whole, named) = (fleet[0], gpus[0]);
                Assert.Equal(named.Origin, whole.Origin);
                for (var point = 0; point < named.Values.Length; point++)
                {
                    Assert.True(
                        named.Values[point] is { } wanted ? whole.Values[point] is { } got && Math.Abs(got - wanted) <= 1e-9 * Math.Max(1, Math.Abs(wanted)) : whole.Values[point] is null,
                        $"{metric.Name} {statistic} by {step} s, point {point}: {whole.Values[point]} instead of {named.Values[point]}");
                }
            }
        }
    }

    [Fact]
    public async Task Retention_drops_what_is_past_it_and_the_total_energy_stays()
    {
        _clock.SetUtcNow(Start.AddDays(40));
        var batch = TelemetryBatches.Make("old-host", _clock.GetUtcNow(), gpus: 1, seconds: 10);
        await Write("old-host", batch.Frames);
        var keeper = _history.Provider.GetRequiredService<PartitionKeeper>();
        _clock.Advance(TimeSpan.FromHours(2));
        await TheRoller.Roll(CancellationToken.None);

        _clock.Advance(TimeSpan.FromDays(16));
        var frames = await keeper.Keep(CancellationToken.None);
        _clock.Advance(TimeSpan.FromDays(30));
        var minutes = await keeper.Keep(CancellationToken.None);
        _clock.Advance(TimeSpan.FromDays(400));
        var hours = await keeper.Keep(CancellationToken.None);

        Assert.Contains("frame_20260508", frames);
        Assert.DoesNotContain("frame_1m_20260508", frames);
        Assert.Contains("frame_1m_20260508", minutes);
        Assert.DoesNotContain("frame_1h_20260501", minutes);
        Assert.Contains("frame_1h_20260501", hours);
        var known = await _history.Provider.GetRequiredService<GpuDirectory>().Find(batch.Frames[0].Gpu, CancellationToken.None);
        Assert.Null(known!.Latest);
        Assert.Equal(1045, known.EnergyTotalJoules, 6);
    }

    private static List<Frame> RandomFrames(string host, int gpus, int seconds, int every, int seed)
    {
        var random = new Random(seed);
        var template = TelemetryBatches.Make(host, Start, gpus, 1).Frames;
        var frames = new List<Frame>();
        for (var s = 0; s < seconds; s += every)
        {
            foreach (var frame in template)
            {
                frames.Add(frame with
                {
                    Sequence = s,
                    Time = Start.AddSeconds(s),
                    EnergyJoules = Maybe(600),
                    PowerAverageWatts = Maybe(700),
                    PowerMaxWatts = Maybe(700),
                    TemperatureCelsius = Maybe(90),
                    MemoryTemperatureCelsius = null,
                    UtilizationRatio = random.Next(4) switch { 0 => null, 1 => 0, _ => random.NextDouble() },
                    Tokens = random.Next(3) == 0 ? null : random.Next(5000),
                    Samples = random.Next(11),
                    Origin = s > 4000 && s < 5000 ? Origin.Replayed : Origin.Measured,
                    ThrottleSeconds = random.Next(2) == 0 ? null : new ThrottleSeconds { SwPowerCap = random.NextDouble() },
                });
            }
        }

        return frames;

        double? Maybe(double scale) => random.Next(5) == 0 ? null : random.NextDouble() * scale;
    }

    /// <summary>The same, by the definitions of the catalogue, over all three GPUs as one group.</summary>
    private static double?[] Naive(List<Frame> frames, string metric, DateTimeOffset from, DateTimeOffset to, int step)
    {
        var points = new double?[(int)((to - from).TotalSeconds / step)];
        var kind = MetricsCatalogue.Find(metric)!.Kind;
        foreach (var bucket in frames.GroupBy(frame => (int)((frame.Time - from).TotalSeconds / step)))
        {
            if (metric == "joules_per_token")
            {
                var both = bucket.Where(frame => frame.Tokens is not null && frame.EnergyJoules is not null).ToList();

                // Per GPU: one without a token says nothing.
                var speaking = both.GroupBy(frame => frame.Gpu).Where(gpu => gpu.Sum(frame => frame.Tokens) > 0).SelectMany(gpu => gpu).ToList();
                points[bucket.Key] = speaking.Count == 0 ? null : speaking.Sum(frame => frame.EnergyJoules) / speaking.Sum(frame => frame.Tokens);
                continue;
            }

            var perGpu = new List<double>();
            foreach (var gpu in bucket.GroupBy(frame => frame.Gpu))
            {
                if (metric == "idle_watts")
                {
                    var watched = gpu.Where(frame => frame.UtilizationRatio is not null && frame.EnergyJoules is not null).ToList();
                    if (watched.Count > 0)
                    {
                        perGpu.Add(watched.Where(frame => frame.UtilizationRatio == 0).Sum(frame => frame.EnergyJoules!.Value) / watched.Sum(frame => frame.Seconds));
                    }

                    continue;
                }

                var values = gpu.Select(frame => Value(frame, metric)).OfType<double>().ToList();
                if (values.Count > 0)
                {
                    perGpu.Add(kind switch { MetricKind.Amount => values.Sum(), MetricKind.Peak => values.Max(), _ => values.Average() });
                }
            }

            points[bucket.Key] = perGpu.Count == 0 ? null : kind switch { MetricKind.Property => perGpu.Average(), MetricKind.Peak => perGpu.Max(), _ => perGpu.Sum() };
        }

        return points;
    }

    private static double? Value(Frame frame, string metric) => metric switch
    {
        "energy_joules" => frame.EnergyJoules,
        "energy_kwh" => frame.EnergyJoules / 3.6e6,
        "power_average_watts" => frame.PowerAverageWatts,
        "power_max_watts" => frame.PowerMaxWatts,
        "temperature_celsius" => frame.TemperatureCelsius,
        "memory_temperature_celsius" => frame.MemoryTemperatureCelsius,
        "thermal_margin_celsius" => frame.ThermalMarginCelsius,
        "utilization_ratio" => frame.UtilizationRatio,
        "memory_activity_ratio" => frame.MemoryActivityRatio,
        "memory_used_bytes" => frame.MemoryUsedBytes,
        "memory_total_bytes" => frame.MemoryTotalBytes,
        "sm_clock_hertz" => frame.SmClockHertz,
        "memory_clock_hertz" => frame.MemoryClockHertz,
        "power_limit_watts" => frame.PowerLimitWatts,
        "fan_ratio" => frame.FanRatio,
        "throttle_sw_power_cap_seconds" => frame.ThrottleSeconds?.SwPowerCap,
        "throttle_sw_thermal_seconds" => frame.ThrottleSeconds?.SwThermal,
        "throttle_hw_thermal_seconds" => frame.ThrottleSeconds?.HwThermal,
        "throttle_power_brake_seconds" => frame.ThrottleSeconds?.PowerBrake,
        "tokens" => frame.Tokens,
        "samples" => frame.Samples,
        _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "not in the model"),
    };

    private static void AssertSame(double?[] expected, double?[] actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(
                expected[i] is { } e ? actual[i] is { } a && Math.Abs(a - e) <= 1e-9 * Math.Max(1, Math.Abs(e)) : actual[i] is null,
                $"{what}, point {i}: expected {Say(expected[i])}, got {Say(actual[i])}");
        }
    }

    private static string Say(double? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "null";

    private async Task<Dictionary<(string Metric, int Step), double?[]>> Answers(DateTimeOffset from, DateTimeOffset to, string host)
    {
        var answers = new Dictionary<(string, int), double?[]>();
        foreach (var metric in MetricsCatalogue.All)
        {
            foreach (var step in new[] { 60, 300, 3600 })
            {
                var columns = await Reader.Read(new SeriesQuery(metric.Name, from, to) { Hosts = [host], By = SeriesGrouping.Fleet, Step = TimeSpan.FromSeconds(step) }, CancellationToken.None);
                answers[(metric.Name, step)] = columns.Series.IsEmpty ? new double?[columns.Points] : columns.Series[0].Values;
                Assert.All(columns.Series, series => Assert.Equal(Origin.Replayed, series.Origin));
            }
        }

        return answers;
    }

    private async Task Write(string host, IReadOnlyList<Frame> frames)
    {
        var batch = TelemetryBatches.Make(host, Start, gpus: 1, seconds: 0);
        var receipt = await _history.Writer.Write(batch, frames, _clock.GetUtcNow(), CancellationToken.None);
        Assert.Equal(frames.Count, receipt.Accepted);
    }

    private async Task<long> Count(string table)
    {
        await using var command = _postgres.Source.CreateCommand($"select count(*) from telemetry.{table}");
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
