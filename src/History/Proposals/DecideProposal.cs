using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Proposals;
using Npgsql;

namespace EnergyTTT.History.Proposals;

/// <summary>Ends the waiting of a proposal, inside the caller's transaction: of two who decide at once, one does.</summary>
internal static class DecideProposal
{
    // language=sql
    private const string Sql =
        """
        update policy.proposal
        set state = $2,
            decided_by = $3,
            decided_at = $4,
            decision_reason = $5,
            version = $6
        where proposal = $1
          and state = $7
          and expires_at > $4
        """;

    /// <summary>False: it was decided or has expired.</summary>
    public static async Task<bool> Execute(NpgsqlConnection connection, long proposal, ProposalState state, string by, string? reason, long? version, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = proposal });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = EnumWords.Of(state) });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = reason });
        command.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = version });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = EnumWords.Of(ProposalState.Pending) });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }
}
