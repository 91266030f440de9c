using Npgsql;

namespace EnergyTTT.History.Runs;

/// <summary>Takes the row of a run, so that whoever else changes the run waits.</summary>
internal static class LockRun
{
    // language=sql
    private const string Sql =
        """
        select run_no, state, settled, digest, recorder, source
        from experiment.run
        where run_id = $1
        for update
        """;

    public static async Task<Row?> Execute(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new(reader.GetInt32(0), reader.GetString(1), reader.GetBoolean(2), reader.IsDBNull(3) ? null : reader.GetString(3), reader.GetString(4), reader.GetString(5))
            : null;
    }

    public sealed record Row(int Number, string State, bool Settled, string? Digest, string Recorder, string Source);
}
