using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>Reads sealed frames of GPUs, in the order of GPU and time.</summary>
internal static class ReadSealed
{
    // language=sql
    private const string Sql =
        """
        select gpu_id, body
        from telemetry.sealed
        where gpu_id = any($1)
          and starts >= $2
          and starts < $3
        order by gpu_id, starts
        """;

    /// <summary>All hours that have a part in a range.</summary>
    public static async Task<List<(int GpuId, SealedFrames Frames)>> Execute(NpgsqlConnection connection, int[] gpuIds, DateTime from, DateTime to, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int[]> { TypedValue = gpuIds },
                new NpgsqlParameter<DateTime> { TypedValue = SealSpan.Of(from) },
                new NpgsqlParameter<DateTime> { TypedValue = to },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<(int, SealedFrames)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add((reader.GetInt32(0), FrameCodec.Open(reader.GetFieldValue<byte[]>(1))));
        }

        return rows;
    }
}
