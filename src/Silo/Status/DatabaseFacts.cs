using Npgsql;

namespace EnergyTTT.Silo.Status;

/// <summary>Asks PostgreSQL what it is and on which settings its promise of durability rests.</summary>
internal static class DatabaseFacts
{
    /// <summary>The facts; version and size are null when the database does not answer.</summary>
    public static async Task<DatabaseStatus> Read(NpgsqlDataSource source, bool embedded, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select
                current_setting('server_version'),
                pg_database_size(current_database()),
                current_setting('fsync'),
                current_setting('synchronous_commit'),
                current_setting('full_page_writes')
            """;
        try
        {
            await using var command = source.CreateCommand(Sql);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            await reader.ReadAsync(cancellationToken);
            return new DatabaseStatus(embedded, reader.GetString(0), reader.GetInt64(1), new Dictionary<string, string>
            {
                ["fsync"] = reader.GetString(2),
                ["synchronous_commit"] = reader.GetString(3),
                ["full_page_writes"] = reader.GetString(4),
            });
        }
        catch (NpgsqlException)
        {
            return new DatabaseStatus(embedded, null, null, new Dictionary<string, string>());
        }
    }
}
