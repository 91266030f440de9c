using EnergyTTT.History.Runs;

namespace EnergyTTT.Portal.Runs;

/// <summary>What pages ask about recorded runs. Tests put their own here.</summary>
public interface IRunSource
{
    /// <summary>One page of runs.</summary>
    /// <exception cref="History.Runs.Queries.RunQueryException">A part of the question is not understood.</exception>
    /// <exception cref="RunQueryTooSlowException">The answer takes too long.</exception>
    Task<RunPage> Page(RunQuestion question, CancellationToken cancellationToken);

    /// <summary>A whole run; null when there is none of the identity.</summary>
    Task<RunRecord?> Find(Guid id, CancellationToken cancellationToken);
}

/// <summary>The history itself.</summary>
/// <param name="reader">Answers questions about runs.</param>
internal sealed class HistoryRunSource(RunReader reader) : IRunSource
{
    /// <inheritdoc/>
    public Task<RunPage> Page(RunQuestion question, CancellationToken cancellationToken) => reader.Read(question, cancellationToken);

    /// <inheritdoc/>
    public Task<RunRecord?> Find(Guid id, CancellationToken cancellationToken) => reader.Find(id, cancellationToken);
}
