using EnergyTTT.History;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Gpus;
using EnergyTTT.History.Series;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EnergyTTT.History.Tests.Frames;

public sealed class FrameWriterTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(TimeProvider.System.GetUtcNow().Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);
    private WriterUnderTest _history = null!; // InitializeAsync sets it before any test.

    public async Task InitializeAsync() => _history = await WriterUnderTest.Start(postgres.ConnectionString);

    public async Task DisposeAsync() => await _history.DisposeAsync();

    [Fact]
    public async Task A_batch_is_accepted_once_and_its_replay_is_a_no_op()
    {
        var batch = TelemetryBatches.Make("replayed-host", Now, gpus: 2, seconds: 3);

        var first = await _history.Writer.Write(batch, batch.Frames, Now, CancellationToken.None);
        var again = await _history.Writer.Write(batch, batch.Frames, Now, CancellationToken.None);

        Assert.Equal(new WriteReceipt(6, []), first, ReceiptEquality.Instance);
        Assert.Equal(new WriteReceipt(0, [0, 1, 2, 3, 4, 5]), again, ReceiptEquality.Instance);
    }

    [Fact]
    public async Task A_frame_that_stands_twice_in_a_batch_is_stored_once()
    {
        var batch = TelemetryBatches.Make("stuttering-host", Now, gpus: 1, seconds: 2);

        var receipt = await _history.Writer.Write(batch, [.. batch.Frames, batch.Frames[0]], Now, CancellationToken.None);

        Assert.Equal(new WriteReceipt(2, [2]), receipt, ReceiptEquality.Instance);
    }

    [Fact]
    public async Task What_was_acknowledged_is_in_the_next_series()
    {
        var batch = TelemetryBatches.Make("charted-host", Now, gpus: 2, seconds: 5);
        await _history.Writer.Write(batch, batch.Frames, Now, CancellationToken.None);

        var answer = await _history.Provider.GetRequiredService<SeriesReader>().Read(
            new SeriesQuery("energy_joules", Now, Now.AddSeconds(5)) { Hosts = ["charted-host"], By = SeriesGrouping.Fleet }, CancellationToken.None);

        Assert.Equal(TimeSpan.FromSeconds(1), answer.Step);
        Assert.Equal([200, 202, 204, 206, 208], Assert.Single(answer.Series).Values);
    }

    [Fact]
    public async Task The_directory_knows_a_gpu_with_its_newest_frame()
    {
        var batch = TelemetryBatches.Make("known-host", Now, gpus: 1, seconds: 4);
        await _history.Writer.Write(batch, batch.Frames, Now.AddSeconds(4), CancellationToken.None);

        var known = await _history.Provider.GetRequiredService<GpuDirectory>().Find(batch.Frames[0].Gpu, CancellationToken.None);

        Assert.NotNull(known);
        Assert.Equal(("known-host", "r1", "ams"), (known.Host, known.Rack, known.Site));
        Assert.Equal(batch.Frames[^1], known.Latest);
        Assert.Equal("H100", known.Description?.Model);
        Assert.Equal(Now.AddSeconds(4), known.Received);
        Assert.Equal(100 + 101 + 102 + 103, known.EnergyTotalJoules);
    }
}
