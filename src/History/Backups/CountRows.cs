using System.Collections.Immutable;
using Npgsql;

namespace EnergyTTT.History.Backups;

/// <summary>Counts the rows of every table of the product; a partitioned table counts as one.</summary>
internal static class CountRows
{
    // language=sql
    private const string TablesSql =
        """
        select n.nspname || '.' || c.relname, format('%I.%I', n.nspname, c.relname)
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p')
          and not c.relispartition
          and n.nspname not in ('pg_catalog', 'information_schema')
          and n.nspname not like 'pg\_%'
        order by 1
        """;

    public static async Task<ImmutableSortedDictionary<string, long>> Execute(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        List<(string Name, string Quoted)> tables = [];
        await using (var command = new NpgsqlCommand(TablesSql, connection))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                tables.Add((reader.GetString(0), reader.GetString(1)));
            }
        }

        var rows = ImmutableSortedDictionary.CreateBuilder<string, long>(StringComparer.Ordinal);
        foreach (var (name, quoted) in tables)
        {
            // The name comes from the catalogue, quoted by the server itself.
            await using var count = new NpgsqlCommand("select count(*) from " + quoted, connection) { CommandTimeout = 0 };
            rows[name] = await count.ExecuteScalarAsync(cancellationToken) as long? ?? 0;
        }

        return rows.ToImmutable();
    }
}
