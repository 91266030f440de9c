using Npgsql;

namespace EnergyTTT.History.Rollups;

/// <summary>Up to when a level is complete.</summary>
internal static class RollupState
{
    public const string Minute = "minute";

    public const string Hour = "hour";

    /// <summary>Not a roll-up: frames before it are sealed, or about to be.</summary>
    public const string Seal = "seal";

    /// <summary>When everything that was due was last sealed.</summary>
    public const string SealRound = "seal_round";

    // language=sql
    public const string ReadSql = "select done_until from telemetry.rollup_state where level = $1";

    // language=sql
    private const string ReadAllSql = "select level, done_until from telemetry.rollup_state";

    // language=sql
    private const string AdvanceSql =
        """
        insert into telemetry.rollup_state as s (level, done_until)
        values ($1, $2)
        on conflict (level) do update
        set done_until = greatest(s.done_until, excluded.done_until)
        """;

    // language=sql
    private const string FirstMinuteSql = "select min(minute) from telemetry.frame_1m";

    /// <summary>Null: nothing was rolled up yet.</summary>
    public static async Task<DateTime?> Read(NpgsqlConnection connection, string level, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadSql, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = level } } };
        return await command.ExecuteScalarAsync(cancellationToken) as DateTime?;
    }

    /// <summary>All levels of which something is done.</summary>
    public static async Task<Dictionary<string, DateTime>> ReadAll(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadAllSql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var levels = new Dictionary<string, DateTime>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            levels[reader.GetString(0)] = reader.GetDateTime(1);
        }

        return levels;
    }

    /// <summary>Moves the bound on, never back.</summary>
    public static async Task Advance(NpgsqlConnection connection, string level, DateTime until, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(AdvanceSql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = level },
                new NpgsqlParameter<DateTime> { TypedValue = until },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The earliest minute that is rolled up; null: none.</summary>
    public static async Task<DateTime?> FirstMinute(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(FirstMinuteSql, connection);
        return await command.ExecuteScalarAsync(cancellationToken) as DateTime?;
    }
}
