using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>Stores hosts as their senders describe them and answers their short keys by name.</summary>
internal static class UpsertHosts
{
    // language=sql
    private const string Sql =
        """
        insert into telemetry.host (name, rack, site, source, first_seen, changed)
        select name, rack, site, source, received, received
        from unnest($1, $2, $3, $4, $5) as news (name, rack, site, source, received)
        on conflict (name) do update
        set rack = excluded.rack,
            site = excluded.site,
            source = excluded.source,
            changed = excluded.changed
        returning name, host_id
        """;

    /// <param name="news">At most one per host, ordered by name, so that two silos lock them in the same order.</param>
    public static async Task<Dictionary<string, int>> Execute(NpgsqlConnection connection, IReadOnlyList<PendingBatch> news, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string[]> { TypedValue = [.. news.Select(pending => pending.Batch.Host)] },
                new NpgsqlParameter<string?[]> { TypedValue = [.. news.Select(pending => pending.Batch.Rack)] },
                new NpgsqlParameter<string?[]> { TypedValue = [.. news.Select(pending => pending.Batch.Site)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. news.Select(pending => pending.Batch.Source)] },
                new NpgsqlParameter<DateTime[]> { TypedValue = [.. news.Select(pending => pending.Received.UtcDateTime)] },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            ids[reader.GetString(0)] = reader.GetInt32(1);
        }

        return ids;
    }
}
