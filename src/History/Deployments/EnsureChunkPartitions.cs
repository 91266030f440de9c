using Npgsql;

namespace EnergyTTT.History.Deployments;

/// <summary>Makes the partitions of the usage history by the UTC day, and drops those past retention.</summary>
internal static class EnsureChunkPartitions
{
    // A name and its bounds cannot be parameters of a create; format() quotes them inside the server.
    // language=sql
    private const string CreateSql =
        """
        select pg_advisory_xact_lock(hashtext('routing.chunk'));
        do $do$
        declare
            day date;
        begin
            for day in select generate_series((now() at time zone 'utc')::date - 1, (now() at time zone 'utc')::date + 2, interval '1 day')
            loop
                execute format(
                    'create table if not exists routing.%I partition of routing.chunk for values from (%L) to (%L)',
                    'chunk_' || to_char(day, 'YYYYMMDD'), day::text || ' 00:00:00+00', (day + 1)::text || ' 00:00:00+00');
            end loop;
        end
        $do$
        """;

    // language=sql
    private const string ListSql =
        """
        select child.relname
        from pg_inherits
        join pg_class as child on child.oid = pg_inherits.inhrelid
        where pg_inherits.inhparent = 'routing.chunk'::regclass
          and child.relname < 'chunk_' || to_char($1::timestamptz at time zone 'utc', 'YYYYMMDD')
        """;

    // language=sql
    private const string PruneSql =
        """
        delete from routing.chunk_receipt
        where received_at < $1
        """;

    /// <summary>The partitions of yesterday, today and the two days after.</summary>
    public static async Task Create(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(CreateSql, connection, transaction);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Drops what ended before <paramref name="horizon"/>.</summary>
    public static async Task Drop(NpgsqlDataSource dataSource, DateTimeOffset horizon, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await using (var list = dataSource.CreateCommand(ListSql))
        {
            list.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = horizon.UtcDateTime });
            await using var reader = await list.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                names.Add(reader.GetString(0));
            }
        }

        foreach (var name in names)
        {
            // The names come from the catalogue and have the form chunk_YYYYMMDD.
            await using var drop = dataSource.CreateCommand($"drop table if exists routing.\"{name}\"");
            await drop.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var prune = dataSource.CreateCommand(PruneSql);
        prune.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = horizon.UtcDateTime });
        await prune.ExecuteNonQueryAsync(cancellationToken);
    }
}
