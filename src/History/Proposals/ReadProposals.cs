using System.Collections.Immutable;
using System.Text.Json;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Proposals;
using Npgsql;

namespace EnergyTTT.History.Proposals;

/// <summary>Reads proposals, newest first.</summary>
internal static class ReadProposals
{
    // language=sql
    private const string Sql =
        """
        select proposal, scope, base_version, document, rollout, author, reason, created_at, expires_at, state, decided_by, decided_at, decision_reason, version
        from policy.proposal
        where ($1::bigint is null or proposal = $1)
          and ($2::text is null or scope = $2)
          and (not $3 or (state = 'pending' and expires_at > $6))
          and proposal < $4
        order by proposal desc
        limit $5
        """;

    /// <summary>Those that are asked for; null asks for any.</summary>
    public static async Task<ImmutableArray<PolicyProposal>> Execute(
        NpgsqlDataSource source, long? proposal, string? scope, bool pending, long before, int limit, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = proposal });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = scope });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = pending });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now.ToUniversalTime() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<PolicyProposal>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var expires = reader.GetFieldValue<DateTimeOffset>(8);
            var state = EnumWords.Read<ProposalState>(reader.GetString(9));
            rows.Add(new PolicyProposal
            {
                Id = reader.GetInt64(0),
                Scope = reader.GetString(1),
                BaseVersion = reader.GetInt64(2),
                Document = JsonSerializer.Deserialize(reader.GetString(3), WireJson.Default.PolicyDocument)!, // the column is not null
                Rollout = reader.IsDBNull(4) ? null : JsonSerializer.Deserialize(reader.GetString(4), WireJson.Default.RolloutRequest),
                Author = reader.GetString(5),
                Reason = reader.GetString(6),
                CreatedAt = reader.GetFieldValue<DateTimeOffset>(7),
                ExpiresAt = expires,
                State = state == ProposalState.Pending && expires <= now ? ProposalState.Expired : state,
                DecidedBy = reader.IsDBNull(10) ? null : reader.GetString(10),
                DecidedAt = reader.IsDBNull(11) ? null : reader.GetFieldValue<DateTimeOffset>(11),
                DecisionReason = reader.IsDBNull(12) ? null : reader.GetString(12),
                Version = reader.IsDBNull(13) ? null : reader.GetInt64(13),
            });
        }

        return rows.ToImmutable();
    }
}
