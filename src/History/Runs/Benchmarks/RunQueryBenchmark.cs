using Npgsql;

namespace EnergyTTT.History.Runs.Benchmarks;

/// <summary>How long questions about runs take: first pages of 50 with nine columns, one asker at a time, in turn with the peer. Every answer is checked against a plain predicate.</summary>
public sealed class RunQueryBenchmark(NpgsqlDataSource source, IReadOnlyList<SyntheticRun> runs, TimeProvider time)
{
    private const int Page = 50;
    private readonly RunReader _reader = new(source, time);

    /// <summary>Asks every question once; those of <paramref name="warmUp"/> before them are not counted.</summary>
    public async Task<RunQueryFigures> Run(IReadOnlyList<RunQuestionTrial> warmUp, IReadOnlyList<RunQuestionTrial> questions, CancellationToken cancellationToken)
    {
        foreach (var question in warmUp)
        {
            await Ask(question, cancellationToken);
            await AskPeer(question, cancellationToken);
        }

        var asked = new List<RunQueryFigure>();
        foreach (var question in questions)
        {
            var (milliseconds, right) = await Ask(question, cancellationToken);
            asked.Add(new(question.Shape, question.Query, milliseconds, right, await AskPeer(question, cancellationToken)));
        }

        return new(asked);
    }

    private async Task<(double Milliseconds, bool Right)> Ask(RunQuestionTrial question, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        var page = await _reader.Read(new RunQuestion(question.Query, question.Order, Limit: Page), cancellationToken);
        var took = time.GetElapsedTime(begun).TotalMilliseconds;
        var right = runs.Where(question.Holds);
        right = question.Key is { } key ? right.OrderByDescending(key).ThenByDescending(run => run.Number) : right.Reverse();
        return (took, right.Take(Page).Select(run => run.Id).SequenceEqual(page.Rows.Select(row => row.Id)));
    }

    private async Task<double> AskPeer(RunQuestionTrial question, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // The same settings as the history's own.
        await using (var settings = new NpgsqlCommand("set local work_mem = '64MB'; set local jit = off", connection, transaction))
        {
            await settings.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var command = new NpgsqlCommand($"select run_no, content from experiment.peer_run where {question.PeerCondition} order by {question.PeerOrder} limit {Page}", connection, transaction);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            _ = reader.GetString(1);
        }

        return time.GetElapsedTime(begun).TotalMilliseconds;
    }
}

/// <summary>One question and how long it took.</summary>
public sealed record RunQueryFigure(string Shape, string Query, double Milliseconds, bool Right, double PeerMilliseconds);

/// <summary>All questions of a benchmark.</summary>
public sealed record RunQueryFigures(IReadOnlyList<RunQueryFigure> Asked)
{
    /// <summary>Whether every answer was right.</summary>
    public bool Right => Asked.All(figure => figure.Right);

    /// <summary>A percentile in milliseconds, by the nearest rank.</summary>
    public static double Percentile(IEnumerable<double> milliseconds, double percent)
    {
        double[] sorted = [.. milliseconds.Order()];
        return sorted[Math.Clamp((int)Math.Ceiling(percent / 100 * sorted.Length) - 1, 0, sorted.Length - 1)];
    }
}
