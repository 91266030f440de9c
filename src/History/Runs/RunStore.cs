using System.Globalization;
using System.Text.Json;
using EnergyTTT.Wire.Runs;
using Npgsql;

namespace EnergyTTT.History.Runs;

/// <summary>
/// Records runs: live, trial by trial, or as whole bundles. What was answered as recorded is committed; doing the same again changes nothing. A run whose recorder said how it ended no longer
/// changes; one whose recorder fell silent goes on when the recorder is heard of again.
/// </summary>
public sealed class RunStore(NpgsqlDataSource source, TimeProvider time)
{
    /// <summary>Why a run is aborted that came as an unfinished bundle.</summary>
    public const string Unfinished = "its recorder ended without a word: the bundle was never finished";

    // language=sql
    private const string HearSql =
        """
        update experiment.run
        set heard = greatest(heard, $2),
            state = 'running',
            reason = null,
            finished = null
        where run_no = $1
        """;

    // language=sql
    private const string AbortSql =
        """
        update experiment.run
        set state = 'aborted',
            finished = heard,
            reason = $3
        where run_id = $1
          and state = 'running'
          and not settled
          and heard < $2
        """;

    // language=sql
    private const string TrialSql = "select content::text from experiment.trial where run_no = $1 and block = $2";

    // language=sql
    private const string HeardSql = "select heard from experiment.run where run_id = $1 and state = 'running' and not settled";

    private readonly RunFieldNumbers _fields = new(source);

    /// <summary>A run begins; the bundle has its description and no trials.</summary>
    /// <param name="bundle">In the state <see cref="RunState.Running"/>.</param>
    /// <param name="recorder">Who records it, and alone goes on with it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<RunDecision> Start(RunBundle bundle, string recorder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        return bundle.Run.State != RunState.Running
            ? Refused($"the run is {RunWords.Of(bundle.Run.State)}: one that begins is running")
            : Write(bundle, null, "live", recorder, false, (_, _) => null, cancellationToken);
    }

    /// <summary>A trial of a running run has ended.</summary>
    public Task<RunDecision> Record(Guid id, RunTrial trial, string recorder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(trial);
        return RunFacts.Fault(trial) is { } fault ? Refused(fault) : Live(id, recorder, (connection, transaction, run) => Record(connection, transaction, run, trial, cancellationToken), cancellationToken);
    }

    /// <summary>The recorder of a running run is alive.</summary>
    public Task<RunDecision> Beat(Guid id, string recorder, CancellationToken cancellationToken) =>
        Live(id, recorder, (_, _, _) => Task.FromResult<RunDecision?>(null), cancellationToken);

    /// <summary>A run has ended; the bundle is whole.</summary>
    public Task<RunDecision> Finish(RunBundle bundle, string recorder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        return bundle.Run.State == RunState.Running ? Refused("the run is running: completed, aborted or failed expected")
            : Fault(bundle) is { } fault ? Refused(fault)
            : Write(bundle, RunBundleFile.Digest(RunBundleFile.Write(bundle)), "live", recorder, true, (run, digest) => Foreign(run, recorder) ?? Settled(run, digest), cancellationToken);
    }

    /// <summary>Takes a whole bundle. One that never was finished is recorded as aborted, with what it has; the finished one may come later.</summary>
    /// <param name="bundle">As <see cref="RunBundleFile.Read"/> has read it.</param>
    /// <param name="digest">The SHA-256 of its content.</param>
    /// <param name="recorder">Who imports it.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<RunDecision> Import(RunBundle bundle, string digest, string recorder, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        return Write(bundle, digest, "imported", recorder, bundle.Run.State != RunState.Running, Settled, cancellationToken);
    }

    /// <summary>Records a running run as aborted if its recorder was not heard of since a time. What it had is kept.</summary>
    /// <returns>Whether it was aborted now.</returns>
    public async Task<bool> AbortSilent(Guid id, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(AbortSql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = since.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = string.Create(CultureInfo.InvariantCulture, $"its recorder fell silent: nothing was heard of it since before {since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC") });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>When the recorder of a running run was last heard of; null when the run does not run.</summary>
    public async Task<DateTimeOffset?> Heard(Guid id, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(HeardSql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        return await command.ExecuteScalarAsync(cancellationToken) is DateTime heard ? new DateTimeOffset(heard, TimeSpan.Zero) : null;
    }

    private async Task<RunDecision> Write(
        RunBundle bundle, string? digest, string origin, string recorder, bool settled, Func<LockRun.Row, string?, RunDecision?> objection, CancellationToken cancellationToken)
    {
        if (Fault(bundle) is { } fault)
        {
            return new(RunOutcome.Refused, null, fault);
        }

        var fields = await _fields.Add([.. RunFacts.Of(bundle).Select(fact => fact.Name)], cancellationToken);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var existing = await LockRun.Execute(connection, transaction, bundle.Run.Id, cancellationToken);
        if (existing is not null && (objection(existing, digest) ?? Started(existing, digest, recorder)) is { } decided)
        {
            return decided;
        }

        // A run that runs no more although it never finished was aborted, whoever brings it.
        var row = settled || digest is null ? bundle : bundle with { Run = bundle.Run with { State = RunState.Aborted, Reason = Unfinished, Finished = End(bundle) } };
        var number = await UpsertRun.Execute(connection, transaction, row, origin, recorder, time.GetUtcNow(), settled, digest, cancellationToken);
        await ReplaceParts.Execute(connection, transaction, number, bundle, fields, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new(RunOutcome.Recorded, row.Run.State);
    }

    private static string? Fault(RunBundle bundle) => RunFacts.Fault(bundle) ?? RunBundleCheck.Fault(bundle with { ReceiptSha256 = RunBundleFile.Digest(bundle.Receipt) });

    private static DateTimeOffset End(RunBundle bundle) => bundle.Trials.Select(trial => trial.Finished).Append(bundle.Run.Started).Max();

    // The start of a run that is there: the answer to the first one was lost.
    private static RunDecision? Started(LockRun.Row existing, string? digest, string recorder) =>
        digest is not null ? null
        : Foreign(existing, recorder) ?? new(existing.Settled ? RunOutcome.Ended : RunOutcome.Unchanged, RunWords.State(existing.State), existing.Settled ? "the run has ended" : null);

    private static RunDecision? Settled(LockRun.Row existing, string? digest) =>
        existing.Digest is not null && existing.Digest == digest ? new(RunOutcome.Unchanged, RunWords.State(existing.State))
        : existing.Settled ? new(RunOutcome.Differs, RunWords.State(existing.State), $"the run was recorded with another content (SHA-256 {existing.Digest}); what is recorded stays")
        : null;

    private static RunDecision? Foreign(LockRun.Row existing, string recorder) =>
        existing.Recorder == recorder ? null : new(RunOutcome.Foreign, RunWords.State(existing.State), $"the run is recorded by {existing.Recorder}");

    private static async Task<RunDecision?> Record(NpgsqlConnection connection, NpgsqlTransaction transaction, int run, RunTrial trial, CancellationToken cancellationToken)
    {
        if (await InsertTrials.Execute(connection, transaction, run, [trial], cancellationToken) == 1)
        {
            return null;
        }

        await using var command = new NpgsqlCommand(TrialSql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = run });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = trial.Block });
        var known = await command.ExecuteScalarAsync(cancellationToken) as string;
        return known == JsonSerializer.Serialize(trial, RunJson.Default.RunTrial)
            ? new(RunOutcome.Unchanged, RunState.Running)
            : new(RunOutcome.Differs, RunState.Running, $"block {trial.Block} was recorded with another content; what is recorded stays");
    }

    private async Task<RunDecision> Live(Guid id, string recorder, Func<NpgsqlConnection, NpgsqlTransaction, int, Task<RunDecision?>> act, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockRun.Execute(connection, transaction, id, cancellationToken) is not { } run)
        {
            return new(RunOutcome.Unknown, null, "there is no run of this identity");
        }

        if (Foreign(run, recorder) is { } foreign)
        {
            return foreign;
        }

        if (run.Settled || run.Digest is not null)
        {
            return new(RunOutcome.Ended, RunWords.State(run.State), "the run has ended");
        }

        var decision = await act(connection, transaction, run.Number);
        if (decision is { Outcome: not RunOutcome.Unchanged })
        {
            return decision;
        }

        await using (var command = new NpgsqlCommand(HearSql, connection, transaction))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = run.Number });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.GetUtcNow() });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return decision ?? new(RunOutcome.Recorded, RunState.Running);
    }

    private static Task<RunDecision> Refused(string explanation) => Task.FromResult(new RunDecision(RunOutcome.Refused, null, explanation));
}
