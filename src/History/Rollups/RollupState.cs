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

    /// <summary>From when on minutes are added up over all GPUs.</summary>
    public const string FleetMinuteSince = "fleet_minute_since";

    /// <summary>From when on hours are.</summary>
    public const string FleetHourSince = "fleet_hour_since";

    /// <summary>Since ever: -infinity in the database.</summary>
    public static readonly DateTime Ever = DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc);

    // language=sql
    private const string RecedeSql =
        """
        update telemetry.rollup_state
        set done_until = least(done_until, $2)
        where level = $1
        """;

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

    // language=sql
    private const string FirstHourSql = "select min(hour) from telemetry.frame_1h";

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
    public static Task Advance(NpgsqlConnection connection, string level, DateTime until, CancellationToken cancellationToken) => Move(connection, AdvanceSql, level, until, cancellationToken);

    /// <summary>Moves a bound from when on something holds back, never on.</summary>
    public static Task Recede(NpgsqlConnection connection, string level, DateTime since, CancellationToken cancellationToken) => Move(connection, RecedeSql, level, since, cancellationToken);

    private static async Task Move(NpgsqlConnection connection, string sql, string level, DateTime until, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection)
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
    public static Task<DateTime?> FirstMinute(NpgsqlConnection connection, CancellationToken cancellationToken) => First(connection, FirstMinuteSql, cancellationToken);

    /// <summary>The earliest of what a level is added up from; null: none.</summary>
    public static Task<DateTime?> FirstOf(NpgsqlConnection connection, string level, CancellationToken cancellationToken) =>
        First(connection, level == FleetHourSince ? FirstHourSql : FirstMinuteSql, cancellationToken);

    private static async Task<DateTime?> First(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken) as DateTime?;
    }
}
