using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Reads what one session is worth.</summary>
internal static class ReadSession
{
    // A lock of five minutes after wrong passwords is no end of sessions, or a stranger could throw people out; a disabled person is locked for good.
    // language=sql
    private const string Sql =
        """
        select session.person_id, person.security_stamp, session.seen,
               session.ended is null
               and session.ends > $2
               and session.seen > $3
               and (person.lockout_end is null or person.lockout_end < $2 + interval '1 day')
        from access.session as session
        join access.person as person on person.id = session.person_id
        where session.id = $1
        """;

    /// <summary>Null: no such session, or its person is gone.</summary>
    public static async Task<SessionState?> Execute(NpgsqlDataSource source, string id, DateTimeOffset now, DateTimeOffset idleSince, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = idleSince.UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new SessionState(reader.GetGuid(0), reader.IsDBNull(1) ? null : reader.GetString(1), reader.GetBoolean(3), reader.GetFieldValue<DateTimeOffset>(2))
            : null;
    }
}
