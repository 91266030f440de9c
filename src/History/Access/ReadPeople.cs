using System.Collections.Immutable;
using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>All people, by user name.</summary>
internal static class ReadPeople
{
    // language=sql
    private const string Sql =
        """
        select person.id, person.user_name, person.display_name, person.created, person.password_hash is not null, person.two_factor_enabled, person.lockout_end,
               array(
                   select role.name
                   from access.person_role as link
                   join access.role as role on role.id = link.role_id
                   where link.person_id = person.id
               ),
               array(
                   select claim.claim_value
                   from access.person_claim as claim
                   where claim.person_id = person.id
                     and claim.claim_type = 'scope'
                   order by claim.claim_value
               ),
               (select count(*)::int from access.person_passkey as passkey where passkey.person_id = person.id),
               (select count(*)::int from access.session as session where session.person_id = person.id and session.ended is null and session.ends > $1 and session.seen > $2),
               (select max(session.seen) from access.session as session where session.person_id = person.id),
               (select max(invitation.expires) from access.invitation as invitation where invitation.person_id = person.id and invitation.used is null and invitation.expires > $1),
               (select min(login.provider_display_name) from access.person_login as login where login.person_id = person.id)
        from access.person as person
        order by person.normalized_user_name
        """;

    /// <summary>Reads them.</summary>
    /// <param name="idle">Time without a request after which a session no longer counts.</param>
    public static async Task<ImmutableArray<PersonInfo>> Execute(NpgsqlDataSource source, DateTimeOffset now, TimeSpan idle, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = (now - idle).UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var people = ImmutableArray.CreateBuilder<PersonInfo>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var roles = reader.GetFieldValue<string[]>(7);
            people.Add(new PersonInfo(
                reader.GetGuid(0),
                reader.IsDBNull(1) ? "" : reader.GetString(1),
                reader.IsDBNull(2) ? null : reader.GetString(2),
                PersonRoles.All.LastOrDefault(roles.Contains),
                [.. reader.GetFieldValue<string[]>(8)],
                reader.GetFieldValue<DateTimeOffset>(3),
                reader.GetBoolean(4),
                reader.GetBoolean(5),
                reader.GetInt32(9),
                Moment(reader, 6),
                reader.GetInt32(10),
                Moment(reader, 11),
                Moment(reader, 12),
                reader.IsDBNull(13) ? null : reader.GetString(13)));
        }

        return people.ToImmutable();
    }

    // A person disabled for good is locked until the end of all time, which is infinity in the database.
    private static DateTimeOffset? Moment(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
