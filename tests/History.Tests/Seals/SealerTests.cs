using EnergyTTT.History.Gpus;
using EnergyTTT.History.Partitions;
using EnergyTTT.History.Rollups;
using EnergyTTT.History.Seals;
using EnergyTTT.History.Series;
using EnergyTTT.History.Tests.Frames;
using EnergyTTT.Telemetry.Replays;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Xunit;

namespace EnergyTTT.History.Tests.Seals;

public sealed class SealerTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 6, 59, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _clock = new(Start);

    // One per test: what is sealed is state of the whole database.
    private readonly PostgresFixture _postgres = new();
    private WriterUnderTest _history = null!; // InitializeAsync sets it before any test.

    private Sealer TheSealer => _history.Provider.GetRequiredService<Sealer>();

    private Roller TheRoller => _history.Provider.GetRequiredService<Roller>();

    public async Task InitializeAsync()
    {
        await _postgres.InitializeAsync();
        _history = await WriterUnderTest.Start(_postgres.ConnectionString, services => services
            .AddSingleton<TimeProvider>(_clock)
            .Configure<SealOptions>(options => options.FramesPerTransaction = 3600)
            .Configure<RollupOptions>(options => options.LateQuiet = TimeSpan.Zero));
    }

    public async Task DisposeAsync()
    {
        await _history.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    [Fact]
    public async Task Every_series_says_the_same_bit_for_bit_before_and_after_sealing_of_the_recorded_trace_and_of_random_frames()
    {
        var trace = RecordedTrace.H100.Frames.Select((frame, second) => frame with { Gpu = GpuId.Parse("GPU-trace-0"), Sequence = second, Time = Start.AddSeconds(second) });
        await Write("trace", [.. trace]);
        await Write("random", RandomSeries("GPU-random-0", 400, seed: 3));
        await Write("random", RandomSeries("GPU-random-1", 400, seed: 4));
        _clock.SetUtcNow(Start.AddHours(3));
        await TheRoller.Roll(CancellationToken.None);
        var (frames, answers) = (await StoredFrames.Read(_postgres.Source), await Answers());

        _clock.SetUtcNow(Start.AddHours(4)); // The first of the two hours is sealed now.
        await TheSealer.Seal(CancellationToken.None);
        var half = await StoredFrames.Rows(_postgres.Source);
        var (halfFrames, halfAnswers) = (await StoredFrames.Read(_postgres.Source), await Answers());
        _clock.SetUtcNow(Start.AddHours(6));
        await TheRoller.Roll(CancellationToken.None);
        await TheSealer.Seal(CancellationToken.None);

        Assert.InRange(half, 1, frames.Count - 1);
        Assert.Equal(0, await StoredFrames.Rows(_postgres.Source));
        Assert.Equal(frames, halfFrames);
        Assert.Equal(frames, await StoredFrames.Read(_postgres.Source));
        Assert.Equal(answers, halfAnswers);
        Assert.Equal(answers, await Answers());
    }

    [Fact]
    public async Task Late_frames_join_the_sealed_ones_are_rolled_up_with_them_and_repetitions_are_known()
    {
        var frames = RandomSeries("GPU-late-0", 300, seed: 7);
        var late = frames.Where((_, i) => i % 3 == 1).ToList();
        var punctual = frames.Except(late).ToList();
        await Write("late", punctual);
        await SealAt(Start.AddHours(6));

        var again = await Write("late", [.. punctual.Take(5), .. late.Take(2), late[0]]);
        var rest = await Write("late", late);
        await Write("on-time", RandomSeries("GPU-on-time-0", 300, seed: 8));
        await TheRoller.Roll(CancellationToken.None);
        var unsealed = (await StoredFrames.Read(_postgres.Source), await Answers());
        await SealAt(Start.AddHours(6));

        Assert.Equal(2, again.Accepted);
        Assert.Equal("0 1 2 3 4 7", string.Join(' ', again.DuplicateIndexes));
        Assert.Equal(late.Count - 2, rest.Accepted);
        Assert.Equal("0 1", string.Join(' ', rest.DuplicateIndexes));
        Assert.Equal(600, unsealed.Item1.Count);
        Assert.Equal(unsealed.Item1, await StoredFrames.Read(_postgres.Source));
        Assert.Equal(unsealed.Item2, await Answers());
        Assert.Equal(0, await StoredFrames.Rows(_postgres.Source));
        var energy = await Series("energy_joules", TimeSpan.FromHours(1), SeriesGrouping.Gpu);
        Assert.Equal(frames.Sum(frame => frame.EnergyJoules ?? 0), energy.Series.Single(series => series.Gpu == "GPU-late-0").Values.Sum(value => value ?? 0), 6);
    }

    [Fact]
    public async Task A_frame_that_is_sent_while_its_hour_is_sealed_is_stored_once()
    {
        var frames = RandomSeries("GPU-race-0", 600, seed: 9);
        await Write("race", frames);
        _clock.SetUtcNow(Start.AddHours(6));
        await TheRoller.Roll(CancellationToken.None);
        using var stop = new CancellationTokenSource();

        var accepted = 0;
        var senders = Enumerable.Range(0, 4).Select(sender => Task.Run(async () =>
        {
            var random = new Random(sender);
            while (!stop.IsCancellationRequested)
            {
                var some = frames.Skip(random.Next(500)).Take(100).ToList();
                Interlocked.Add(ref accepted, (await Write("race", some)).Accepted);
            }
        })).ToList();
        for (var round = 0; round < 10; round++)
        {
            await TheSealer.Seal(CancellationToken.None);
        }

        await stop.CancelAsync();
        await Task.WhenAll(senders);

        Assert.Equal(0, accepted);
        Assert.Equal(600, (await StoredFrames.Read(_postgres.Source)).Count);
        Assert.Equal(0, await StoredFrames.Rows(_postgres.Source));
    }

    [Fact]
    public async Task Frames_of_any_age_that_come_again_and_again_while_the_border_moves_are_stored_and_accepted_once()
    {
        var frames = Enumerable.Range(0, 4).SelectMany(gpu => Enumerable.Range(0, 500).Select(i => TelemetryBatches.Frame(GpuId.Parse($"GPU-border-{gpu}"), i, Start.AddSeconds(i * 40), i))).ToArray();
        _clock.SetUtcNow(Start.AddHours(4));
        var accepted = new System.Collections.Concurrent.ConcurrentBag<(GpuId, long)>();
        using var enough = new CancellationTokenSource();
        var senders = Enumerable.Range(0, 4).Select(sender => Task.Run(async () =>
        {
            var random = new Random(sender);
            for (var batch = 0; batch < 60; batch++)
            {
                var some = Enumerable.Range(0, 60).Select(_ => frames[random.Next(frames.Length)]).ToList();
                var receipt = await Write("border", some);
                foreach (var i in Enumerable.Range(0, some.Count).Except(receipt.DuplicateIndexes))
                {
                    accepted.Add((some[i].Gpu, some[i].Sequence));
                }
            }
        })).ToList();
        var sealing = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                _clock.Advance(TimeSpan.FromMinutes(10));
                await TheRoller.Roll(CancellationToken.None);
                await TheSealer.Seal(CancellationToken.None);
            }
        });

        await Task.WhenAll(senders);
        await enough.CancelAsync();
        await sealing;
        await SealAt(_clock.GetUtcNow().AddHours(12));

        Assert.Equal(accepted.Count, accepted.Distinct().Count());
        Assert.Equal(accepted.Count, (await StoredFrames.Read(_postgres.Source)).Count);
        Assert.Equal(0, await StoredFrames.Rows(_postgres.Source));
    }

    [Fact]
    public async Task A_sealer_that_dies_at_any_moment_loses_nothing_and_doubles_nothing()
    {
        for (var gpu = 0; gpu < 12; gpu++)
        {
            await Write("mortal", RandomSeries($"GPU-mortal-{gpu}", 200, seed: gpu));
        }

        var before = await StoredFrames.Read(_postgres.Source);
        _clock.SetUtcNow(Start.AddHours(6));
        await TheRoller.Roll(CancellationToken.None);
        var random = new Random(12);
        var deaths = 0;
        while (await StoredFrames.Rows(_postgres.Source) > 0)
        {
            var sealing = TheSealer.Seal(CancellationToken.None);
            await Task.Delay(random.Next(1, 25));
            await Kill();
            try
            {
                await sealing;
            }
            catch (NpgsqlException)
            {
                deaths++;
            }

            Assert.Equal(before, await StoredFrames.Read(_postgres.Source));
        }

        Assert.True(deaths > 0, "The sealer was never caught at work.");
    }

    [Fact]
    public async Task Of_two_sealers_one_works()
    {
        await Write("two", RandomSeries("GPU-two-0", 100, seed: 1));
        _clock.SetUtcNow(Start.AddHours(6));
        await TheRoller.Roll(CancellationToken.None);
        await using var other = await _postgres.Source.OpenConnectionAsync();
        await using (var turn = await Locks.AdvisoryLock.TryTake(other, Locks.AdvisoryLock.Sealer, CancellationToken.None))
        {
            Assert.NotNull(turn);
            Assert.Null(await TheSealer.Seal(CancellationToken.None));
        }

        Assert.Equal(100, (await TheSealer.Seal(CancellationToken.None))!.Frames);
    }

    [Fact]
    public async Task What_is_not_rolled_up_is_not_sealed()
    {
        await Write("waiting", RandomSeries("GPU-waiting-0", 100, seed: 1));
        _clock.SetUtcNow(Start.AddHours(6));

        var round = await TheSealer.Seal(CancellationToken.None);

        Assert.Null(round!.Border);
        Assert.Equal(100, await StoredFrames.Rows(_postgres.Source));
    }

    [Fact]
    public async Task A_gpu_that_has_long_been_silent_is_known_by_its_newest_sealed_frame()
    {
        var frames = RandomSeries("GPU-silent-0", 100, seed: 2);
        await Write("silent", frames);
        var directory = _history.Provider.GetRequiredService<GpuDirectory>();
        var before = await directory.Find(frames[0].Gpu, CancellationToken.None);

        await SealAt(Start.AddHours(6));
        await Write("silent", [frames[10] with { Sequence = 5000 }]); // A late row does not make it look older.
        var after = await directory.Find(frames[0].Gpu, CancellationToken.None);

        Assert.Equal(frames[^1], before!.Latest);
        Assert.Equal(frames[^1], after!.Latest);
        Assert.Equal((before.Boot, before.Received), (after.Boot, after.Received));
    }

    [Fact]
    public async Task Damaged_frames_keep_their_late_rows_and_stop_nobody_else()
    {
        await Write("damaged", RandomSeries("GPU-damaged-0", 50, seed: 1));
        await Write("damaged", RandomSeries("GPU-damaged-1", 50, seed: 2));
        await SealAt(Start.AddHours(6));
        await Execute("update telemetry.sealed set body = '\\x02'::bytea where gpu_id = (select gpu_id from telemetry.gpu where uuid = 'GPU-damaged-0')");

        await Assert.ThrowsAsync<ArgumentException>(() => Write("damaged", [RandomSeries("GPU-damaged-0", 1, seed: 1)[0] with { Sequence = 900 }]));
        await Execute("insert into telemetry.frame (gpu_id, time, received, sequence, boot_id, seconds, origin) select gpu_id, '2026-11-23 06:59:30+00', now(), 901, 1, 1, 0 from telemetry.gpu");
        var round = await TheSealer.Seal(CancellationToken.None);

        Assert.Equal((1, 1), (round!.Hours, round.Damaged));
        Assert.Equal(1, await StoredFrames.Rows(_postgres.Source));
    }

    [Fact]
    public async Task A_day_whose_frames_are_all_sealed_has_no_partition_until_one_comes_late()
    {
        var keeper = new PartitionKeeper(_postgres.Source, Options.Create(new RetentionOptions()), _clock);
        await Write("vacated", RandomSeries("GPU-vacated-0", 50, seed: 1));
        await SealAt(Start.AddHours(22));
        await Execute("vacuum telemetry.frame_20261123");
        await keeper.Keep(CancellationToken.None);
        var vacated = await Scalar("select to_regclass('telemetry.frame_20261123') is null");

        var late = await Write("vacated", [RandomSeries("GPU-vacated-0", 1, seed: 1)[0] with { Sequence = 900 }]);
        await keeper.Keep(CancellationToken.None);

        Assert.Equal(true, vacated);
        Assert.Equal(1, late.Accepted);
        Assert.Equal(51, (await StoredFrames.Read(_postgres.Source)).Count);
    }

    private static List<Frame> RandomSeries(string gpu, int seconds, int seed)
    {
        var random = new Random(seed);
        return
        [
            .. Enumerable.Range(0, seconds).Select(second => TelemetryBatches.Frame(GpuId.Parse(gpu), second, Start.AddSeconds(second).AddTicks(10 * random.Next(0, 400_000)), second % 50) with
            {
                Seconds = 1 + (random.Next(-50, 50) / 1000d),
                EnergyJoules = random.Next(10) == 0 ? null : random.NextDouble() * 600,
                PowerAverageWatts = random.Next(10) == 0 ? null : random.Next(700_000) / 1000d / 7,
                TemperatureCelsius = random.Next(10) == 0 ? null : random.Next(30, 90),
                UtilizationRatio = random.Next(3) == 0 ? 0 : random.NextDouble(),
                Tokens = random.Next(5) == 0 ? null : random.Next(1000),
                ThrottleSeconds = random.Next(4) == 0 ? null : new ThrottleSeconds { SwThermal = random.NextDouble() },
            }),
        ];
    }

    private Task<History.Frames.WriteReceipt> Write(string host, IReadOnlyList<Frame> frames) =>
        _history.Writer.Write(TelemetryBatches.Make(host, Start, gpus: 0, seconds: 0), frames, Start.AddSeconds(30), CancellationToken.None);

    private async Task SealAt(DateTimeOffset moment)
    {
        _clock.SetUtcNow(moment);
        await TheRoller.Roll(CancellationToken.None);
        await TheSealer.Seal(CancellationToken.None);
    }

    /// <summary>Every metric at four steps, by GPU and for the fleet, with all bits.</summary>
    private async Task<List<string>> Answers()
    {
        var answers = new List<string>();
        foreach (var metric in MetricsCatalogue.All)
        {
            foreach (var step in new[] { 1, 7, 60, 3600 })
            {
                foreach (var by in new[] { SeriesGrouping.Gpu, SeriesGrouping.Fleet })
                {
                    var columns = await Series(metric.Name, TimeSpan.FromSeconds(step), by);
                    answers.AddRange(columns.Series.Select(series => $"{metric.Name} {step} {series.Label} {series.Origin} {string.Join(' ', series.Values.Select(value => value is { } known ? BitConverter.DoubleToInt64Bits(known).ToString("x", null) : "-"))}"));
                }
            }
        }

        return answers;
    }

    private Task<SeriesColumns> Series(string metric, TimeSpan step, SeriesGrouping by) =>
        _history.Provider.GetRequiredService<SeriesReader>().Read(new SeriesQuery(metric, Start.AddMinutes(-1), Start.AddMinutes(15)) { Step = step, By = by }, CancellationToken.None);

    private Task Kill() => Execute(
        $"select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and (classid::bigint << 32) | objid::bigint = {Locks.AdvisoryLock.Sealer} and database = (select oid from pg_database where datname = current_database())");

    private async Task Execute(string sql)
    {
        await using var command = _postgres.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<object?> Scalar(string sql)
    {
        await using var command = _postgres.Source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
