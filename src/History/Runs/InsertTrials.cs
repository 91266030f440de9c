using System.Text.Json;
using EnergyTTT.Wire.Runs;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Runs;

/// <summary>Adds trials to a run; one whose block is there already is left out.</summary>
internal static class InsertTrials
{
    // language=sql
    private const string Sql =
        """
        insert into experiment.trial (run_no, block, arm, origin, tokens, seconds, energy_joules, content)
        select $1, trial.block, trial.arm, trial.origin, trial.tokens, trial.seconds, trial.joules, trial.content::json
        from unnest($2::integer[], $3::text[], $4::text[], $5::bigint[], $6::double precision[], $7::double precision[], $8::text[])
            as trial (block, arm, origin, tokens, seconds, joules, content)
        on conflict (run_no, block) do nothing
        """;

    /// <summary>How many were added.</summary>
    public static async Task<int> Execute(NpgsqlConnection connection, NpgsqlTransaction transaction, int run, IReadOnlyList<RunTrial> trials, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = run });
        command.Parameters.Add(new() { Value = trials.Select(trial => trial.Block).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = trials.Select(trial => trial.Arm).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = trials.Select(trial => RunWords.Of(trial.Origin)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = trials.Select(trial => trial.Tokens).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = trials.Select(trial => trial.Seconds).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double });
        command.Parameters.Add(new() { Value = trials.Select(trial => trial.Joules).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double });
        command.Parameters.Add(new() { Value = trials.Select(trial => JsonSerializer.Serialize(trial, RunJson.Default.RunTrial)).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
