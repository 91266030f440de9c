using System.Text.Json;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Policies;

/// <summary>
/// Adds a version if the expected one is still in force. One statement: two writers meet at the row of the scope, the second one sees
/// the first one's number and adds nothing. Nothing is added either while a rollout tries another version there.
/// </summary>
internal static class InsertPolicyVersion
{
    // A scope's first row cannot be locked because it is not there yet; its primary key then decides between two first writers.
    // language=sql
    private const string Sql =
        """
        with first as (
            insert into policy.scope (scope, current_version)
            select $1, nextval('policy.version_number')
            where $2 = 0
              and not exists (select from policy.scope where scope = $1)
            on conflict (scope) do nothing
            returning current_version
        ), following as (
            update policy.scope
            set current_version = nextval('policy.version_number')
            where scope = $1
              and current_version = $2
              and not exists (select from policy.rollout where rollout.scope = $1 and state in ('running', 'paused'))
            returning current_version
        )
        insert into policy.version (version, scope, document, author, reason, created_at, approved_by)
        select taken.current_version, $1, $3, $4, $5, $6, $7
        from (select current_version from first union all select current_version from following) as taken
        returning version
        """;

    public static async Task<long?> Execute(
        NpgsqlConnection connection, string scope, long expected, PolicyDocument document, string author, string reason, string? approvedBy, DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = scope });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = expected });
        command.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(document, WireJson.Default.PolicyDocument), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = author });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reason });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = approvedBy });
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }
}
