using EnergyTTT.History.Moments;
using Npgsql;

namespace EnergyTTT.History.Audits;

/// <summary>Adds an entry behind the last one, inside the caller's transaction.</summary>
internal static class InsertAuditEntry
{
    // One writer at a time, or two entries would follow the same one.
    // language=sql
    private const string TurnSql = "select pg_advisory_xact_lock(hashtextextended('policy.audit', 0))";

    // language=sql
    private const string LastSql =
        """
        select number, sha256
        from policy.audit
        order by number desc
        limit 1
        """;

    // language=sql
    private const string InsertSql =
        """
        insert into policy.audit (number, time, actor, action, subject, detail, previous_sha256, sha256)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """;

    public static async Task<AuditEntry> Execute(
        NpgsqlConnection connection, TimeProvider time, string actor, string action, string subject, string detail, CancellationToken cancellationToken)
    {
        await using (var turn = new NpgsqlCommand(TurnSql, connection))
        {
            await turn.ExecuteNonQueryAsync(cancellationToken);
        }

        var (last, previous) = await Last(connection, cancellationToken);

        // PostgreSQL keeps microseconds; what is hashed must be what is kept.
        var now = time.GetUtcNow();
        var moment = StoredMoment.Of(now);
        var hash = AuditEntry.HashOf(last + 1, moment, actor, action, subject, detail, previous);
        await using var command = new NpgsqlCommand(InsertSql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long> { TypedValue = last + 1 },
                new NpgsqlParameter<DateTime> { TypedValue = moment.UtcDateTime },
                new NpgsqlParameter<string> { TypedValue = actor },
                new NpgsqlParameter<string> { TypedValue = action },
                new NpgsqlParameter<string> { TypedValue = subject },
                new NpgsqlParameter<string> { TypedValue = detail },
                new NpgsqlParameter<byte[]> { TypedValue = previous },
                new NpgsqlParameter<byte[]> { TypedValue = hash },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new AuditEntry(last + 1, moment, actor, action, subject, detail, previous, hash);
    }

    private static async Task<(long Number, byte[] Hash)> Last(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LastSql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetInt64(0), reader.GetFieldValue<byte[]>(1)) : (0, AuditEntry.Beginning.ToArray());
    }
}
