using System.Globalization;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>
/// The floor under the ingest figures: how fast the same rows go into a copy of the frame table (same columns, same primary key,
/// same partitioning) by nothing but binary COPY, each COPY committed, from buffers that are encoded beforehand.
/// </summary>
public static class RawCopyBenchmark
{
    private const string Table = "frame_floor";

    // language=sql
    private const string CreateSql =
        $"""
        drop table if exists telemetry.{Table};
        create table telemetry.{Table} (
            like telemetry.frame including defaults including storage,
            constraint pk_{Table} primary key (gpu_id, time, boot_id, sequence)
        ) partition by range (time)
        """;

    // language=sql
    private const string DropSql = $"drop table if exists telemetry.{Table}";

    // language=sql
    private const string CopySql = $"copy telemetry.{Table} ({BinaryCopy.Columns}) from stdin (format binary)";

    /// <summary>Measures. The table is made for it and dropped afterwards; the data of the product is not touched.</summary>
    /// <param name="frames">The rows; distinct by (GPU, time, sequence).</param>
    /// <param name="rowsPerCommit">Rows of one COPY and commit; 1 or more.</param>
    /// <param name="connections">Connections that copy at the same time; 1 or more.</param>
    /// <exception cref="InvalidOperationException">The table does not hold the rows afterwards.</exception>
    public static async Task<RawCopyResult> Measure(
        NpgsqlDataSource source, IReadOnlyList<Frame> frames, int rowsPerCommit, int connections, TimeProvider time, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsPerCommit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(connections, 1);
        ArgumentOutOfRangeException.ThrowIfZero(frames.Count);
        await Run(source, CreateSql, cancellationToken);
        try
        {
            foreach (var day in frames.Select(frame => DateOnly.FromDateTime(frame.Time.UtcDateTime)).Distinct())
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                await Partitions.AddPartition.Execute(connection, new Partitions.PartitionedTable(Table, Monthly: false), day, cancellationToken);
            }

            var buffers = Encode(frames, rowsPerCommit, time.GetUtcNow());
            var next = -1;
            var started = time.GetTimestamp();
            await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(Copy, cancellationToken)));
            var elapsed = time.GetElapsedTime(started);
            var stored = await Count(source, cancellationToken);
            return stored == frames.Count
                ? new RawCopyResult(frames.Count, rowsPerCommit, connections, elapsed)
                : throw new InvalidOperationException($"{frames.Count} rows were copied and {stored} are there: the rows are not distinct.");

            async Task Copy()
            {
                await using var connection = await source.OpenConnectionAsync(cancellationToken);
                for (var i = Interlocked.Increment(ref next); i < buffers.Count; i = Interlocked.Increment(ref next))
                {
                    await using var stream = await connection.BeginRawBinaryCopyAsync(CopySql, cancellationToken);
                    await stream.WriteAsync(buffers[i], cancellationToken);
                }
            }
        }
        finally
        {
            await Run(source, DropSql, CancellationToken.None);
        }
    }

    private static List<byte[]> Encode(IReadOnlyList<Frame> frames, int rowsPerCommit, DateTimeOffset received)
    {
        using var copy = new BinaryCopy();
        var gpus = frames.Select(frame => frame.Gpu).Distinct().Select((gpu, index) => (gpu, index)).ToDictionary(entry => entry.gpu, entry => entry.index + 1);
        var buffers = new List<byte[]>();
        foreach (var rows in frames.Chunk(rowsPerCommit))
        {
            copy.Start();
            foreach (var frame in rows)
            {
                copy.Add(new FrameRow(frame, gpus[frame.Gpu], 1, received));
            }

            copy.End();
            buffers.Add(copy.Written.ToArray());
        }

        return buffers;
    }

    private static async Task<long> Count(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        // language=sql
        await using var command = source.CreateCommand($"select count(*) from telemetry.{Table}");
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    private static async Task Run(NpgsqlDataSource source, string sql, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>What raw COPY did.</summary>
/// <param name="Rows">Rows copied.</param>
/// <param name="RowsPerCommit">Rows of one commit.</param>
/// <param name="Connections">Connections that copied at the same time.</param>
/// <param name="Elapsed">Wall time from the first COPY to the last commit.</param>
public sealed record RawCopyResult(int Rows, int RowsPerCommit, int Connections, TimeSpan Elapsed)
{
    /// <summary>Rows per second.</summary>
    public double RowsPerSecond => Rows / Elapsed.TotalSeconds;
}
