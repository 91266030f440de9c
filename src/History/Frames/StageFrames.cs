using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>Puts rows into <c>telemetry.frame</c> by way of a temporary table, leaving out those that are stored already. Runs in the caller's transaction.</summary>
internal static class StageFrames
{
    // language=sql
    private const string CreateSql =
        """
        create temporary table if not exists frame_stage (
            like telemetry.frame,
            position integer not null
        ) on commit delete rows
        """;

    // language=sql
    private const string CopySql = $"copy frame_stage ({BinaryCopy.Columns}, position) from stdin (format binary)";

    // By key, so that two writers with the same frames in another order wait for each other and never in a circle;
    // then by position, so that the first of two equal frames is the one that is stored.
    // language=sql
    private const string InsertSql =
        $"""
        insert into telemetry.frame ({BinaryCopy.Columns})
        select {BinaryCopy.Columns}
        from frame_stage
        order by gpu_id, time, boot_id, sequence, position
        on conflict (gpu_id, time, boot_id, sequence) do nothing
        returning gpu_id, time, boot_id, sequence
        """;

    /// <summary>Answers the keys of the rows that were stored now.</summary>
    public static async Task<HashSet<FrameKey>> Execute(NpgsqlConnection connection, BinaryCopy rows, CancellationToken cancellationToken)
    {
        await using (var create = new NpgsqlCommand(CreateSql, connection))
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        await using (var stream = await connection.BeginRawBinaryCopyAsync(CopySql, cancellationToken))
        {
            await stream.WriteAsync(rows.Written, cancellationToken);
        }

        await using var insert = new NpgsqlCommand(InsertSql, connection);
        await using var reader = await insert.ExecuteReaderAsync(cancellationToken);
        var stored = new HashSet<FrameKey>();
        while (await reader.ReadAsync(cancellationToken))
        {
            stored.Add(new FrameKey(reader.GetInt32(0), reader.GetDateTime(1).Ticks / TimeSpan.TicksPerMicrosecond, reader.GetInt32(2), reader.GetInt64(3)));
        }

        return stored;
    }
}
