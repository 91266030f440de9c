using System.Collections.Immutable;
using EnergyTTT.History.Seals;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>Reads frames back as they were sent, wherever they are kept.</summary>
public sealed class FrameReader(NpgsqlDataSource source)
{
    // language=sql
    private const string KeySql = "select gpu_id from telemetry.gpu where uuid = $1";

    // language=sql
    private const string Sql =
        $"""
        select {BinaryCopy.ColumnsOfOneGpu}
        from telemetry.frame
        where gpu_id = $1
          and time >= $2
          and time < $3
        """;

    /// <summary>The frames of a GPU with from &lt;= time &lt; to, by time, then boot and sequence. A GPU that was never heard of has none.</summary>
    public async Task<ImmutableArray<Frame>> Read(GpuId gpu, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);

        // One moment for both: what is sealed meanwhile is seen where it was.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
        await using var command = new NpgsqlCommand(KeySql, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = gpu.Value } } };
        if (await command.ExecuteScalarAsync(cancellationToken) is not int key)
        {
            return [];
        }

        var frames = new FrameColumns();
        foreach (var (_, hour) in await ReadSealed.Execute(connection, [key], from.UtcDateTime, to.UtcDateTime, cancellationToken))
        {
            var (first, after) = hour.Between(from.UtcDateTime, to.UtcDateTime);
            for (var row = first; row < after; row++)
            {
                frames.AddRow(hour, row);
            }
        }

        await AddRows(connection, key, from, to, frames, cancellationToken);
        var sorted = frames.Sorted();
        var columns = Enumerable.Range(0, FrameColumnFacts.Count).Select(column => sorted[(FrameColumn)column]).ToArray();
        return [.. Enumerable.Range(0, sorted.Count).Select(row => FrameOfRow.Make(gpu, column => columns[(int)column], row))];
    }

    private static async Task AddRows(NpgsqlConnection connection, int key, DateTimeOffset from, DateTimeOffset to, FrameColumns frames, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = key },
                new NpgsqlParameter<DateTime> { TypedValue = from.UtcDateTime },
                new NpgsqlParameter<DateTime> { TypedValue = to.UtcDateTime },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            FrameOfRow.Read(reader, 0, frames);
        }
    }
}
