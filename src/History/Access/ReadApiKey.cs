using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Reads what is needed to check one key.</summary>
internal static class ReadApiKey
{
    // A person's own key is worth no more than the person is now, and nothing when the person is gone, disabled or without a role.
    // language=sql
    private const string Sql =
        """
        select key.secret_sha256, key.role, key.hosts, key.deployments, key.expires,
               key.revoked is not null
               or (key.owner like 'person/%' and (person.id is null or coalesce(person.lockout_end > now() + interval '1 day', false))),
               key.last_used, key.owner, person.user_name,
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
               )
        from access.api_key as key
        left join access.person as person on key.owner = 'person/' || person.user_name
        where key.id = $1
        """;

    /// <summary>Null: no such key.</summary>
    public static async Task<Row?> Execute(NpgsqlDataSource source, string id, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var person = reader.IsDBNull(8) ? null : reader.GetString(8);
        var role = person is null ? reader.GetString(1) : PersonRoles.Weaker(reader.GetString(1), reader.GetFieldValue<string[]>(9));
        return new Row(
            reader.GetFieldValue<byte[]>(0),
            new ApiKeyGrant(id, role ?? "", [.. reader.GetFieldValue<string[]>(2)], [.. reader.GetFieldValue<string[]>(3)]) { Person = person, Scopes = [.. reader.GetFieldValue<string[]>(10)] },
            reader.IsDBNull(4) ? null : reader.GetFieldValue<DateTimeOffset>(4),
            reader.GetBoolean(5) || role is null,
            reader.IsDBNull(6) ? null : reader.GetFieldValue<DateTimeOffset>(6));
    }

    public sealed record Row(byte[] Hash, ApiKeyGrant Grant, DateTimeOffset? Expires, bool Revoked, DateTimeOffset? LastUsed);
}
