using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>Stores a boot and answers its short key.</summary>
internal static class UpsertBoot
{
    // The update changes nothing: it is what makes the row come back when it was there.
    // language=sql
    private const string Sql =
        """
        insert into telemetry.boot (name, first_seen)
        values ($1, $2)
        on conflict (name) do update
        set name = excluded.name
        returning boot_id
        """;

    public static async Task<int> Execute(NpgsqlConnection connection, string boot, DateTimeOffset received, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = boot },
                new NpgsqlParameter<DateTime> { TypedValue = received.UtcDateTime },
            },
        };
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!; // "returning" of an upsert always has its row.
    }
}
