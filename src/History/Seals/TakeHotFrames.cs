using EnergyTTT.History.Frames;
using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>Takes the rows of an hour out of <c>telemetry.frame</c>: what it answers is what is gone when the transaction commits.</summary>
internal static class TakeHotFrames
{
    // language=sql
    private const string Sql =
        $"""
        delete from telemetry.frame
        where gpu_id = any($1)
          and time >= $2
          and time < $3
        returning gpu_id, {BinaryCopy.ColumnsOfOneGpu}
        """;

    /// <summary>Adds the rows to the columns of their GPU.</summary>
    public static async Task Execute(NpgsqlConnection connection, int[] gpuIds, DateTime starts, Dictionary<int, FrameColumns> frames, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int[]> { TypedValue = gpuIds },
                new NpgsqlParameter<DateTime> { TypedValue = starts },
                new NpgsqlParameter<DateTime> { TypedValue = starts + SealSpan.Length },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var gpu = reader.GetInt32(0);
            if (!frames.TryGetValue(gpu, out var columns))
            {
                frames[gpu] = columns = new FrameColumns(3700);
            }

            FrameOfRow.Read(reader, 1, columns);
        }
    }
}
