using System.Collections.Immutable;
using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>The live sessions of a person, newest first.</summary>
internal static class ReadSessions
{
    // language=sql
    private const string Sql =
        """
        select id, method, started, seen, ends, address, agent
        from access.session
        where person_id = $1
          and ended is null
          and ends > $2
          and seen > $3
        order by started desc, id
        """;

    public static async Task<ImmutableArray<SessionInfo>> Execute(NpgsqlDataSource source, Guid person, DateTimeOffset now, DateTimeOffset idleSince, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = person });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = idleSince.UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var sessions = ImmutableArray.CreateBuilder<SessionInfo>();
        while (await reader.ReadAsync(cancellationToken))
        {
            sessions.Add(new SessionInfo(
                reader.GetString(0),
                reader.GetString(1),
                reader.GetFieldValue<DateTimeOffset>(2),
                reader.GetFieldValue<DateTimeOffset>(3),
                reader.GetFieldValue<DateTimeOffset>(4),
                reader.IsDBNull(5) ? null : reader.GetString(5),
                reader.IsDBNull(6) ? null : reader.GetString(6)));
        }

        return sessions.ToImmutable();
    }
}
