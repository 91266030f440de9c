using EnergyTTT.History.Frames;
using EnergyTTT.History.Seals;
using Npgsql;

namespace EnergyTTT.History.Tests.Seals;

/// <summary>Every frame that a database has, rows and sealed ones at one moment, each as text with all its bits.</summary>
internal static class StoredFrames
{
    public static async Task<List<string>> Read(NpgsqlDataSource source)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead);
        var frames = new List<string>();
        await using (var command = new NpgsqlCommand($"select gpu_id, {BinaryCopy.ColumnsOfOneGpu} from telemetry.frame", connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                var row = new FrameColumns(1);
                FrameOfRow.Read(reader, 1, row);
                frames.Add(Text(reader.GetInt32(0), column => row[column], 0));
            }
        }

        await using (var command = new NpgsqlCommand("select gpu_id, body from telemetry.sealed", connection))
        await using (var reader = await command.ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                var sealedFrames = FrameCodec.Open(reader.GetFieldValue<byte[]>(1));
                for (var row = 0; row < sealedFrames.Count; row++)
                {
                    frames.Add(Text(reader.GetInt32(0), column => sealedFrames[column], row));
                }
            }
        }

        frames.Sort(StringComparer.Ordinal);
        return frames;
    }

    public static async Task<long> Rows(NpgsqlDataSource source)
    {
        await using var command = source.CreateCommand("select count(*) from telemetry.frame");
        return (long)(await command.ExecuteScalarAsync())!; // A count always answers.
    }

    private static string Text(int gpu, Func<FrameColumn, FrameValues> values, int row) =>
        string.Join('|', Enumerable.Range(0, FrameColumnFacts.Count).Select(column => values((FrameColumn)column).Whole(row)?.ToString("x16", null) ?? "null").Prepend(gpu.ToString("d6", null)));
}
