using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>Writes the packed frames of one hour, over what the hour had.</summary>
internal static class UpsertSealed
{
    // language=sql
    private const string Sql =
        """
        insert into telemetry.sealed (starts, sealed_at, gpu_id, frames, body, newest)
        select $1, clock_timestamp(), gpu_id, frames, body, newest
        from unnest($2, $3, $4, $5) as packed (gpu_id, frames, body, newest)
        on conflict (gpu_id, starts) do update
        set sealed_at = excluded.sealed_at, frames = excluded.frames, body = excluded.body, newest = excluded.newest
        """;

    public static async Task Execute(NpgsqlConnection connection, DateTime starts, IReadOnlyList<Row> rows, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<DateTime> { TypedValue = starts },
                new NpgsqlParameter<int[]> { TypedValue = [.. rows.Select(row => row.GpuId)] },
                new NpgsqlParameter<int[]> { TypedValue = [.. rows.Select(row => row.Frames)] },
                new NpgsqlParameter<byte[][]> { TypedValue = [.. rows.Select(row => row.Body)] },
                new NpgsqlParameter<byte[][]> { TypedValue = [.. rows.Select(row => row.Newest)] },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>One GPU's hour.</summary>
    public readonly record struct Row(int GpuId, int Frames, byte[] Body, byte[] Newest)
    {
        /// <summary>Packs frames in their order, and makes sure that they can be unpacked again before anything relies on it.</summary>
        /// <exception cref="InvalidDataException">They cannot.</exception>
        public static Row Pack(int gpuId, FrameColumns sorted)
        {
            var body = FrameCodec.Encode(sorted);
            FrameCodec.Verify(sorted, body);
            var newest = new FrameColumns(1);
            newest.AddRow(FrameCodec.Open(body), sorted.Count - 1);
            return new Row(gpuId, sorted.Count, body, FrameCodec.Encode(newest));
        }
    }
}
