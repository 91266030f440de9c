using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Runs.Benchmarks;

/// <summary>Fills an empty history with synthetic runs by binary COPY, and the same runs into a table of the usual kind, one <c>jsonb</c> column with a GIN index, as the benchmark's peer.</summary>
public static class SyntheticRuns
{
    // language=sql
    private const string RunSql =
        "copy experiment.run (run_no, run_id, started, finished, recorded, heard, kind, name, state, origin, source, recorder, gpu_model, publishable, settled, digest) from stdin (format binary)";

    // language=sql
    private const string FactSql = "copy experiment.fact (run_no, field_id, number, moment, flag, text) from stdin (format binary)";

    // language=sql
    private const string PeerSql =
        """
        create table experiment.peer_run (run_no integer primary key, started timestamptz not null, kind text not null, state text not null, gpu_model text, content jsonb not null);
        insert into experiment.peer_run
        select r.run_no, r.started, r.kind, r.state, r.gpu_model, jsonb_object_agg(d.name, coalesce(to_jsonb(f.number), to_jsonb(f.flag), to_jsonb(f.text), to_jsonb(f.moment)))
        from experiment.run r
        join experiment.fact f on f.run_no = r.run_no
        join experiment.field d on d.field_id = f.field_id
        group by r.run_no;
        create index ix_peer_run_started on experiment.peer_run (started desc, run_no desc);
        create index ix_peer_run_content on experiment.peer_run using gin (content jsonb_path_ops);
        vacuum analyze experiment.peer_run
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Fills the history.</summary>
    /// <param name="source">Of a database at the schema of this program, without runs.</param>
    /// <param name="runs">The runs; numbered from 1.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>How many facts they have.</returns>
    public static async Task<long> Load(NpgsqlDataSource source, IReadOnlyList<SyntheticRun> runs, CancellationToken cancellationToken)
    {
        var facts = runs.Select(run => run.Facts().ToArray()).ToArray();
        var fields = await new RunFieldNumbers(source).Add([.. facts.SelectMany(of => of).Select(fact => fact.Name).Distinct()], cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);

        // Rows that refer to one another by construction need not be looked up one by one.
        await Execute(connection, "set session_replication_role = replica", cancellationToken);
        await using (var copy = await connection.BeginBinaryImportAsync(RunSql, cancellationToken))
        {
            copy.Timeout = Patience;
            foreach (var run in runs)
            {
                await copy.StartRowAsync(cancellationToken);
                await copy.WriteAsync(run.Number, NpgsqlDbType.Integer, cancellationToken);
                await copy.WriteAsync(run.Id, NpgsqlDbType.Uuid, cancellationToken);
                foreach (var time in new[] { run.Started, run.Started.AddSeconds(run.Seconds), run.Started, run.Started.AddSeconds(run.Seconds) })
                {
                    await copy.WriteAsync(time, NpgsqlDbType.TimestampTz, cancellationToken);
                }

                foreach (var text in new[] { run.Kind, $"synthetic {run.Number}", run.State, "simulated", "imported", "bench", run.Model })
                {
                    await copy.WriteAsync(text, NpgsqlDbType.Text, cancellationToken);
                }

                await copy.WriteAsync(run.Publishable, NpgsqlDbType.Boolean, cancellationToken);
                await copy.WriteAsync(true, NpgsqlDbType.Boolean, cancellationToken);
                await copy.WriteAsync(run.Id.ToString("N"), NpgsqlDbType.Text, cancellationToken);
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await using (var copy = await connection.BeginBinaryImportAsync(FactSql, cancellationToken))
        {
            copy.Timeout = Patience;
            for (var run = 0; run < runs.Count; run++)
            {
                foreach (var fact in facts[run])
                {
                    await copy.StartRowAsync(cancellationToken);
                    await copy.WriteAsync(runs[run].Number, NpgsqlDbType.Integer, cancellationToken);
                    await copy.WriteAsync(fields[fact.Name], NpgsqlDbType.Integer, cancellationToken);
                    await Write(copy, fact.Number, NpgsqlDbType.Double, cancellationToken);
                    await Write(copy, fact.Moment, NpgsqlDbType.TimestampTz, cancellationToken);
                    await Write(copy, fact.Flag, NpgsqlDbType.Boolean, cancellationToken);
                    await (fact.Text is { } text ? copy.WriteAsync(text, NpgsqlDbType.Text, cancellationToken) : copy.WriteNullAsync(cancellationToken));
                }
            }

            await copy.CompleteAsync(cancellationToken);
        }

        await Execute(connection, "reset session_replication_role", cancellationToken);
        await Execute(connection, "vacuum analyze experiment.run, experiment.fact, experiment.field", cancellationToken);
        return facts.Sum(of => (long)of.Length);
    }

    /// <summary>Makes the peer's table of the same runs.</summary>
    public static async Task LoadPeer(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        foreach (var statement in PeerSql.Split(';'))
        {
            await Execute(connection, statement, cancellationToken);
        }
    }

    private static Task Write<T>(NpgsqlBinaryImporter copy, T? value, NpgsqlDbType type, CancellationToken cancellationToken)
        where T : struct => value is { } there ? copy.WriteAsync(there, type, cancellationToken) : copy.WriteNullAsync(cancellationToken);

    private static async Task Execute(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
