using System.Collections.Immutable;
using Npgsql;

namespace EnergyTTT.History.Migrations;

/// <summary>One row of <c>public.migration</c>.</summary>
internal sealed record RecordedMigration(int Number, string Name, string Checksum, DateTime Applied);

/// <summary>The record of applied steps and the lock around it.</summary>
internal static class MigrationLedger
{
    // Any constant will do as long as nobody else in this database uses it.
    private const long LockKey = 0x456E_6572_6779_5454;

    public static async Task Lock(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql = "select pg_advisory_lock($1)";
        await using var command = new NpgsqlCommand(Sql, connection) { CommandTimeout = 0, Parameters = { new NpgsqlParameter<long> { TypedValue = LockKey } } };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task Unlock(NpgsqlConnection connection)
    {
        if (connection.State != System.Data.ConnectionState.Open)
        {
            return; // A lost connection has given its locks back.
        }

        // language=sql
        const string Sql = "select pg_advisory_unlock($1)";
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = LockKey } } };
        await command.ExecuteNonQueryAsync(CancellationToken.None);
    }

    public static async Task<ImmutableArray<RecordedMigration>> Read(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            create table if not exists public.migration (
                number integer not null,
                name text not null,
                checksum text not null,
                applied timestamptz not null default now(),
                constraint pk_migration primary key (number)
            );
            select number, name, checksum, applied
            from public.migration
            order by number
            """;
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<RecordedMigration>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new RecordedMigration(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetDateTime(3)));
        }

        return rows.ToImmutable();
    }

    public static async Task Record(NpgsqlConnection connection, NpgsqlTransaction transaction, Migration step, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            insert into public.migration (number, name, checksum)
            values ($1, $2, $3)
            """;
        await using var command = new NpgsqlCommand(Sql, connection, transaction)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = step.Number },
                new NpgsqlParameter<string> { TypedValue = step.Name },
                new NpgsqlParameter<string> { TypedValue = step.Checksum },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
