using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>Stores which GPU stands in which host and answers the short keys.</summary>
internal static class UpsertGpus
{
    // language=sql
    private const string Sql =
        """
        insert into telemetry.gpu (uuid, host_id, first_seen)
        select uuid, host_id, received
        from unnest($1, $2, $3) as news (uuid, host_id, received)
        on conflict (uuid) do update
        set host_id = excluded.host_id
        returning uuid, gpu_id, host_id
        """;

    /// <param name="news">At most one per GPU, ordered by UUID, so that two silos lock them in the same order.</param>
    public static async Task<List<(string Uuid, int GpuId, int HostId)>> Execute(NpgsqlConnection connection, IReadOnlyList<Row> news, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string[]> { TypedValue = [.. news.Select(row => row.Uuid)] },
                new NpgsqlParameter<int[]> { TypedValue = [.. news.Select(row => row.HostId)] },
                new NpgsqlParameter<DateTime[]> { TypedValue = [.. news.Select(row => row.Received.UtcDateTime)] },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new List<(string, int, int)>(news.Count);
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add((reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2)));
        }

        return ids;
    }

    /// <summary>One GPU and its host.</summary>
    public sealed record Row(string Uuid, int HostId, DateTimeOffset Received);
}
