using EnergyTTT.Wire.Runs;
using Npgsql;

namespace EnergyTTT.History.Runs;

/// <summary>Writes the row of a run. A row that is there keeps its number, its first recorder and when it was first recorded.</summary>
internal static class UpsertRun
{
    // language=sql
    private const string Sql =
        """
        insert into experiment.run
            (run_id, kind, name, started, finished, state, origin, source, recorder, recorded, heard, reason, gpu_model, policy_version, publishable, settled, digest)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13, $14, $15, $16)
        on conflict (run_id) do update
        set kind = excluded.kind,
            name = excluded.name,
            started = excluded.started,
            finished = excluded.finished,
            state = excluded.state,
            origin = excluded.origin,
            heard = excluded.heard,
            reason = excluded.reason,
            gpu_model = excluded.gpu_model,
            policy_version = excluded.policy_version,
            publishable = excluded.publishable,
            settled = excluded.settled,
            digest = excluded.digest
        returning run_no
        """;

    public static async Task<int> Execute(
        NpgsqlConnection connection, NpgsqlTransaction transaction, RunBundle bundle, string source, string recorder, DateTimeOffset now, bool settled, string? digest, CancellationToken cancellationToken)
    {
        var run = bundle.Run;
        await using var command = new NpgsqlCommand(Sql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = run.Id });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = run.Kind });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = run.Name });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = run.Started.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter { Value = run.Finished?.ToUniversalTime() ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = RunWords.Of(run.State) });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = RunWords.Of(run.Origin) });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = source });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = recorder });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter { Value = run.Reason ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = bundle.Receipt?.GpuModel ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter { Value = bundle.Receipt?.PolicyVersion ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter { Value = bundle.Receipt?.Publishable ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Boolean });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = settled });
        command.Parameters.Add(new NpgsqlParameter { Value = digest ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        return await command.ExecuteScalarAsync(cancellationToken) as int? ?? throw new InvalidOperationException("PostgreSQL gave the run no number.");
    }
}
