using System.Text.Json;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Proposals;

/// <summary>Keeps a new proposal.</summary>
internal static class InsertProposal
{
    // language=sql
    private const string Sql =
        """
        insert into policy.proposal (scope, base_version, document, rollout, author, reason, created_at, expires_at, state)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        returning proposal
        """;

    public static async Task<long> Execute(
        NpgsqlConnection connection, string scope, long baseVersion, PolicyDocument document, RolloutRequest? rollout, string author, string reason, DateTimeOffset now, DateTimeOffset expires, string state, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = scope });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = baseVersion });
        command.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(document, WireJson.Default.PolicyDocument), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new NpgsqlParameter { Value = rollout is null ? DBNull.Value : JsonSerializer.Serialize(rollout, WireJson.Default.RolloutRequest), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = author });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reason });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = expires.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = state });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!; // an insert returns its row
    }
}
