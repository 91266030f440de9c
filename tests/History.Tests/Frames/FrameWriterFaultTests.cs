using EnergyTTT.History.Frames;
using EnergyTTT.History.Partitions;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Xunit;

namespace EnergyTTT.History.Tests.Frames;

/// <summary>What the writer does when something is not as it should be. Each test has a database of its own.</summary>
public sealed class FrameWriterFaultTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _clock = new(Now) { AutoAdvanceAmount = TimeSpan.Zero };
    private readonly PostgresFixture _postgres = new();

    public Task InitializeAsync() => _postgres.InitializeAsync();

    public Task DisposeAsync() => _postgres.DisposeAsync();

    [Fact]
    public async Task A_database_that_goes_away_makes_callers_come_back_and_is_found_again()
    {
        await using var history = await Start();
        var name = new NpgsqlConnectionStringBuilder(_postgres.ConnectionString).Database!;
        await Write(history, "before", 0);
        await Admin($"alter database {name} allow_connections false; select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'");

        for (var i = 0; i < 20; i++)
        {
            var busy = await Assert.ThrowsAsync<WriterBusyException>(() => Write(history, "during", i));
            Assert.Equal(TimeSpan.FromSeconds(2), busy.RetryAfter);
        }

        Assert.False(history.Writer.Ready);
        Assert.Equal(0, history.Writer.QueuedFrames);

        await Admin($"alter database {name} allow_connections true");
        await UntilReady(history);
        var receipt = await Write(history, "during", 0);
        Assert.Equal(1, receipt.Accepted);
        Assert.Equal(2L, await Scalar("select count(*) from telemetry.frame"));
    }

    [Fact]
    public async Task A_full_queue_refuses_and_holds_no_more_than_it_may()
    {
        await using var history = await Start(options => options.QueueFrames = 100);
        await using var blocker = await _postgres.Source.OpenConnectionAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await using (var block = new NpgsqlCommand("lock table telemetry.frame in access exclusive mode", blocker))
        {
            await block.ExecuteNonQueryAsync();
        }

        var waiting = Enumerable.Range(0, 10).Select(i => Write(history, $"host-{i}", 0, seconds: 10)).ToList();
        var busy = await Assert.ThrowsAsync<WriterBusyException>(() => Write(history, "one-too-many", 0));
        Assert.Equal(TimeSpan.FromSeconds(1), busy.RetryAfter);
        Assert.Contains("100 frames are waiting", busy.Message, StringComparison.Ordinal);
        Assert.Equal(100, history.Writer.QueuedFrames);

        await transaction.CommitAsync();
        Assert.Equal(100, (await Task.WhenAll(waiting)).Sum(receipt => receipt.Accepted));
        Assert.Equal(0, history.Writer.QueuedFrames);
        Assert.Equal(1, (await Write(history, "one-too-many", 0)).Accepted);
    }

    [Fact]
    public async Task A_batch_larger_than_the_queue_is_written_when_nothing_else_waits()
    {
        await using var history = await Start(options => options.QueueFrames = 10);

        Assert.Equal(50, (await Write(history, "large", 0, seconds: 50)).Accepted);
    }

    [Fact]
    public async Task A_batch_that_no_table_takes_costs_its_neighbours_nothing()
    {
        await using var history = await Start();
        await using var blocker = await _postgres.Source.OpenConnectionAsync();
        await using var transaction = await blocker.BeginTransactionAsync();
        await using (var block = new NpgsqlCommand("lock table telemetry.host, telemetry.frame in access exclusive mode", blocker))
        {
            await block.ExecuteNonQueryAsync();
        }

        // Both connections are kept waiting, so that what follows gathers into one group.
        var first = new[] { Write(history, "first-a", 0), Write(history, "first-b", 0) };
        var good = Write(history, "good", 0);
        var poison = TelemetryBatches.Make("bad", Now, 1, 1) with { Rack = "r\01" };
        var bad = history.Writer.Write(poison, poison.Frames, Now, CancellationToken.None);
        var alsoGood = Write(history, "also-good", 0);
        await transaction.CommitAsync();

        await Task.WhenAll(first);
        Assert.Equal(1, (await good).Accepted);
        Assert.Equal(1, (await alsoGood).Accepted);
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => bad);
        Assert.Contains("22021", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Old_and_early_frames_within_retention_find_a_partition()
    {
        await using var history = await Start();
        var retention = new RetentionOptions().Frames;

        foreach (var time in new[] { Now - retention, Now.AddDays(-1), Now + FrameRetention.Ahead })
        {
            var batch = TelemetryBatches.Make("wanderer", time, 1, 1);
            Assert.Equal(1, (await history.Writer.Write(batch, batch.Frames, Now, CancellationToken.None)).Accepted);
        }

        Assert.Equal(3L, await Scalar("select count(*) from pg_inherits where inhparent = 'telemetry.frame'::regclass"));
    }

    [Fact]
    public async Task Frames_outside_retention_are_refused_with_the_bounds()
    {
        await using var history = await Start();

        foreach (var time in new[] { Now - new RetentionOptions().Frames - TimeSpan.FromSeconds(1), Now + FrameRetention.Ahead + TimeSpan.FromSeconds(1) })
        {
            var batch = TelemetryBatches.Make("lost", time, 1, 1);
            var refused = await Assert.ThrowsAsync<FrameOutOfRetentionException>(() => history.Writer.Write(batch, batch.Frames, Now, CancellationToken.None));
            Assert.Contains("from 2026-11-09 12:00:00Z to 2026-11-24 12:00:00Z can be stored", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_partition_that_vanished_is_made_again_at_once()
    {
        await using var history = await Start();
        await Write(history, "patient", 0);
        await Scalar("select telemetry.drop_partition('frame', '2026-11-23')");

        Assert.Equal(1, (await Write(history, "patient", 1)).Accepted);
    }

    [Fact]
    public async Task A_stopping_writer_writes_what_it_has_taken_and_takes_no_more()
    {
        var history = await Start();
        var taken = Enumerable.Range(0, 50).Select(i => Write(history, $"host-{i}", 0, seconds: 4)).ToList();

        await history.Writer.StopAsync(CancellationToken.None);

        Assert.Equal(200, (await Task.WhenAll(taken)).Sum(receipt => receipt.Accepted));
        await Assert.ThrowsAsync<WriterBusyException>(() => Write(history, "late", 0));
        await history.DisposeAsync();
    }

    [Fact]
    public async Task Two_silos_that_meet_newcomers_at_once_agree_on_their_keys()
    {
        await using var one = await Start();
        await using var two = await Start();

        for (var round = 0; round < 10; round++)
        {
            var batches = Enumerable.Range(0, 4).Select(i => TelemetryBatches.Make($"new-{round}-{i}", Now, gpus: 4, seconds: 2)).ToList();
            var receipts = await Task.WhenAll(batches.SelectMany(batch => new[] { one, two }.Select(silo => Retried(silo, batch))));

            Assert.Equal(4 * 8, receipts.Sum(receipt => receipt.Accepted));
            Assert.Equal(4 * 8, receipts.Sum(receipt => receipt.Duplicates));
        }

        Assert.Equal(40L, await Scalar("select count(*) from telemetry.host"));
        Assert.Equal(160L, await Scalar("select count(*) from telemetry.gpu"));
        Assert.Equal(320L, await Scalar("select count(*) from telemetry.frame"));
    }

    [Fact]
    public async Task Silos_that_are_sent_the_same_frames_in_opposite_order_refuse_nothing()
    {
        await using var one = await Start();
        await using var two = await Start();
        var known = TelemetryBatches.Make("both-ways", Now, gpus: 16, seconds: 1);
        await one.Writer.Write(known, known.Frames, Now, CancellationToken.None);

        for (var round = 1; round <= 6; round++)
        {
            // The first frame is stored already, so that both take the way that leaves out what is there.
            var frames = TelemetryBatches.Make("both-ways", Now, gpus: 16, seconds: 120 * round).Frames.Where(frame => frame.Sequence == 0 || frame.Sequence > 120 * (round - 1)).ToList();
            var backwards = frames.AsEnumerable().Reverse().ToList();
            var receipts = await Task.WhenAll(
                one.Writer.Write(known, frames, Now, CancellationToken.None),
                two.Writer.Write(known, backwards, Now, CancellationToken.None));

            Assert.Equal(frames.Count - 16, receipts.Sum(receipt => receipt.Accepted));
        }
    }

    [Fact]
    public async Task A_gpu_that_moves_and_is_described_anew_is_where_it_was_last_seen()
    {
        await using var history = await Start();
        var batch = TelemetryBatches.Make("old-place", Now, 1, 1);
        await history.Writer.Write(batch, batch.Frames, Now, CancellationToken.None);
        var moved = batch with { Host = "new-place", Rack = "r2", Gpus = [batch.Gpus![0] with { State = "failed", StateReason = "lost", Passport = null }] };

        await history.Writer.Write(moved, [], Now.AddSeconds(1), CancellationToken.None);

        var known = await history.Provider.GetRequiredService<History.Gpus.GpuDirectory>().Find(batch.Frames[0].Gpu, CancellationToken.None);
        Assert.Equal(("new-place", "r2", "failed", "lost"), (known!.Host, known.Rack, known.Description?.State, known.Description?.StateReason));
        Assert.Equal("energy_joules", Assert.Single(known.Description!.Passport!.Sensors).Name);
    }

    [Fact]
    public async Task The_settings_that_ingest_figures_depend_on_are_told()
    {
        await using var history = await Start();
        await Write(history, "any", 0);

        var settings = await DurabilitySettings.Read(_postgres.Source, CancellationToken.None);

        Assert.Equal("permanent", settings.FrameTable);
        Assert.Equal(settings.Fsync == "on" && settings.SynchronousCommit == "on" && settings.FullPageWrites == "on", settings.Durable);
        await Scalar("alter table telemetry.frame_20261123 set unlogged");
        Assert.Equal("unlogged", (await DurabilitySettings.Read(_postgres.Source, CancellationToken.None)).FrameTable);
    }

    [Fact]
    public async Task Raw_copy_is_measured_on_a_table_of_its_own()
    {
        await using var history = await Start();
        var frames = TelemetryBatches.Make("measured", Now, gpus: 10, seconds: 100).Frames;

        var result = await RawCopyBenchmark.Measure(_postgres.Source, frames, rowsPerCommit: 300, connections: 2, TimeProvider.System, CancellationToken.None);

        Assert.Equal((1000, 300, 2), (result.Rows, result.RowsPerCommit, result.Connections));
        Assert.True(result.RowsPerSecond > 0);
        Assert.Equal(0L, await Scalar("select count(*) from telemetry.frame"));
        Assert.True(await Scalar("select to_regclass('telemetry.frame_floor') is null") is true);
        await Assert.ThrowsAnyAsync<Exception>(() => RawCopyBenchmark.Measure(_postgres.Source, [frames[0], frames[0]], 10, 1, TimeProvider.System, CancellationToken.None));
    }

    private static Task<WriteReceipt> Write(WriterUnderTest history, string host, int sequence, int seconds = 1)
    {
        var batch = TelemetryBatches.Make(host, Now.AddSeconds(sequence), gpus: 1, seconds, firstSequence: sequence);
        return history.Writer.Write(batch, batch.Frames, Now, CancellationToken.None);
    }

    private static async Task<WriteReceipt> Retried(WriterUnderTest history, TelemetryBatch batch)
    {
        while (true)
        {
            try
            {
                return await history.Writer.Write(batch, batch.Frames, Now, CancellationToken.None);
            }
            catch (WriterBusyException)
            {
                await Task.Delay(20);
            }
        }
    }

    private async Task UntilReady(WriterUnderTest history)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!history.Writer.Ready)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(250));
            await Task.Delay(10, patience.Token);
        }
    }

    private Task<WriterUnderTest> Start(Action<FrameWriterOptions>? configure = null) => WriterUnderTest.Start(_postgres.ConnectionString, services =>
    {
        services.AddSingleton<TimeProvider>(_clock);
        if (configure is not null)
        {
            services.Configure(configure);
        }
    });

    private async Task<object?> Scalar(string sql)
    {
        await using var command = _postgres.Source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }

    private async Task Admin(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_postgres.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
