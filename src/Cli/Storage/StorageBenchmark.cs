using System.Diagnostics;
using EnergyTTT.History;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Migrations;
using EnergyTTT.History.Rollups;
using EnergyTTT.History.Seals;
using EnergyTTT.History.Servers;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EnergyTTT.Cli.Storage;

/// <summary>What some data takes in our database.</summary>
/// <param name="Frames">Frames stored.</param>
/// <param name="Values">Readings in them; what is not there does not count.</param>
/// <param name="Exact">Whether every frame came back as it was sent, from its sealed form.</param>
/// <param name="Hot">Sizes while all frames were rows.</param>
/// <param name="Sealed">Sizes when all were packed.</param>
/// <param name="SealSeconds">Time of packing, without pauses.</param>
/// <param name="ReadSeconds">Time of reading all of it back.</param>
internal sealed record StorageFigures(long Frames, long Values, bool Exact, StorageSize Hot, StorageSize Sealed, double SealSeconds, double ReadSeconds)
{
    public double HotBytesPerValue => (double)Hot.HotBytes / Values;

    public double SealedBytesPerValue => (double)Sealed.SealedBytes / Values;
}

/// <summary>Stores data as the product does, on a private PostgreSQL of its own; seals it; reads it back.</summary>
internal static class StorageBenchmark
{
    private const int CallsAtOnce = 256;

    public static async Task<StorageFigures> Run(StorageData data, CancellationToken cancellationToken)
    {
        var folder = new DataFolder(Path.Combine(Path.GetTempPath(), "energyttt-bench-" + Guid.NewGuid().ToString("N")[..8]));
        try
        {
            await using var server = await PrivateServer.StartAsync(folder, NullLoggerFactory.Instance, TimeProvider.System, cancellationToken);
            var services = new ServiceCollection();
            services.AddLogging();
            services.AddHistory(server.ConnectionString);
            services.Configure<SealOptions>(options => (options.Hot, options.Share) = (TimeSpan.FromHours(1), 1));
            await using var provider = services.BuildServiceProvider();
            var source = provider.GetRequiredService<NpgsqlDataSource>();
            await Migrator.Migrate(source, cancellationToken);
            return await Measure(provider, source, data, cancellationToken);
        }
        finally
        {
            if (Directory.Exists(folder.Path))
            {
                Directory.Delete(folder.Path, recursive: true);
            }
        }
    }

    private static async Task<StorageFigures> Measure(ServiceProvider provider, NpgsqlDataSource source, StorageData data, CancellationToken cancellationToken)
    {
        await Write(provider.GetRequiredService<FrameWriter>(), data, cancellationToken);
        await provider.GetRequiredService<Roller>().Roll(cancellationToken);
        var hot = await StorageSize.Read(source, cancellationToken);
        var started = Stopwatch.GetTimestamp();
        await provider.GetRequiredService<Sealer>().Seal(cancellationToken);
        var sealing = Stopwatch.GetElapsedTime(started);
        await Execute(source, "vacuum telemetry.sealed", cancellationToken);
        var size = await StorageSize.Read(source, cancellationToken);

        started = Stopwatch.GetTimestamp();
        var exact = size.HotRows == 0 && size.SealedFrames == data.Batches.Sum(batch => (long)batch.Frames.Count);
        var reader = provider.GetRequiredService<FrameReader>();
        foreach (var sent in data.Batches.SelectMany(batch => batch.Frames).GroupBy(frame => frame.Gpu))
        {
            exact &= await IsSame(reader, sent.Key, [.. sent], cancellationToken);
        }

        return new StorageFigures(size.SealedFrames, data.Batches.Sum(batch => batch.Frames.Sum(frame => (long)StorageData.Readings(frame).Count())), exact, hot, size, sealing.TotalSeconds, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    private static async Task<bool> IsSame(FrameReader reader, GpuId gpu, IReadOnlyList<Frame> sent, CancellationToken cancellationToken)
    {
        var read = await reader.Read(gpu, sent[0].Time, sent[^1].Time.AddSeconds(1), cancellationToken);
        return read.SequenceEqual(sent.Select(frame => frame with { Time = frame.Time.ToUniversalTime() }));
    }

    /// <summary>Each host's second by itself, received some milliseconds after its end, as it would be.</summary>
    private static async Task Write(FrameWriter writer, StorageData data, CancellationToken cancellationToken)
    {
        await writer.StartAsync(cancellationToken);
        while (!writer.Ready)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken);
        }

        var random = new Random(1);
        foreach (var calls in data.Batches.Chunk(CallsAtOnce))
        {
            await Task.WhenAll(calls.Select(batch => writer.Write(batch, batch.Frames, batch.Frames[0].Time.AddMicroseconds(random.Next(5_000, 40_000)), cancellationToken)));
        }

        await writer.StopAsync(cancellationToken);
    }

    private static async Task Execute(NpgsqlDataSource source, string sql, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
