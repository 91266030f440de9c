using Npgsql;

namespace EnergyTTT.History.Health;

/// <summary>How the telemetry tables are kept: partitions ahead, the work list of the roll-ups, what came last.</summary>
/// <param name="PartitionTomorrow">Whether tomorrow's partition of frames is there.</param>
/// <param name="OldestTouched">When the oldest entry of the roll-ups' work list was written; null: the list is empty.</param>
/// <param name="RolledUntil">Up to when minutes are rolled up; null: nothing yet.</param>
/// <param name="NewestReceived">When the last frame of the last hour came; null: none.</param>
/// <param name="ServerTime">The database's clock.</param>
/// <param name="SilosAlive">Silos on record that said they are alive within the last three minutes.</param>
/// <param name="People">People who can sign in.</param>
/// <param name="AgentKeys">Live keys of agents.</param>
/// <param name="SealedUntil">Up to when frames are sealed; null: none is yet.</param>
/// <param name="SealedAt">When everything that was due was last sealed; null: never.</param>
/// <param name="SilosSilent">Silos on record as active that said nothing for a minute and more: they ended without a word and nobody has noticed.</param>
/// <param name="ReadOnly">Whether nothing can be written: the server is a standby, or the database is set so.</param>
public sealed record TelemetryHealth(
    bool PartitionTomorrow,
    DateTimeOffset? OldestTouched,
    DateTimeOffset? RolledUntil,
    DateTimeOffset? NewestReceived,
    DateTimeOffset ServerTime,
    long SilosAlive,
    long People,
    long AgentKeys,
    DateTimeOffset? SealedUntil,
    DateTimeOffset? SealedAt,
    long SilosSilent,
    bool ReadOnly)
{
    // language=sql
    private const string Sql =
        """
        select
            to_regclass('telemetry.frame_' || to_char((now() at time zone 'utc')::date + 1, 'YYYYMMDD')) is not null,
            (select min(noted) from telemetry.touched where minute < now() - interval '1 minute'),
            (select done_until from telemetry.rollup_state where level = 'minute'),
            (select max(received) from telemetry.frame where time > now() - interval '1 hour'),
            clock_timestamp(),
            (select count(*) from orleans.silo where status = 3 and alive_time > now() - interval '3 minutes'),
            (select count(*) from access.person),
            (select count(*) from access.api_key where role = 'agent' and revoked is null and (expires is null or expires > now())),
            (select done_until from telemetry.rollup_state where level = 'seal'),
            (select done_until from telemetry.rollup_state where level = 'seal_round'),
            (select count(*) from orleans.silo where status = 3 and alive_time <= now() - interval '1 minute'),
            pg_is_in_recovery() or current_setting('default_transaction_read_only') = 'on'
        """;

    /// <summary>Reads it.</summary>
    public static async Task<TelemetryHealth> Read(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new TelemetryHealth(
            reader.GetBoolean(0), Moment(1), Moment(2), Moment(3), reader.GetFieldValue<DateTimeOffset>(4), reader.GetInt64(5), reader.GetInt64(6), reader.GetInt64(7), Moment(8), Moment(9), reader.GetInt64(10), reader.GetBoolean(11));

        DateTimeOffset? Moment(int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
    }
}
