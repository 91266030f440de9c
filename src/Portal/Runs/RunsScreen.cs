using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Queries;

namespace EnergyTTT.Portal.Runs;

/// <summary>What the list of runs shows: a page of runs, or where the question is mistaken.</summary>
/// <param name="Question">What was asked.</param>
/// <param name="Page">The answer; null when there is none.</param>
/// <param name="Mistake">Where the question is not understood, and what was expected there.</param>
/// <param name="MistakenPart">Which part of it: the text with the mistake.</param>
/// <param name="Slow">Why it was not answered in time.</param>
public sealed record RunsScreen(RunQuestion Question, RunPage? Page, RunQueryException? Mistake = null, string? MistakenPart = null, string? Slow = null)
{
    /// <summary>Asks; a mistake is an answer too.</summary>
    public static async Task<RunsScreen> Ask(IRunSource source, RunQuestion question, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(question);
        var part = question.Query;
        try
        {
            // In turn, so that it is known which of them a position belongs to.
            _ = RunQueryParser.Parse(question.Query, now);
            part = question.Order;
            _ = RunOrder.Parse(question.Order);
            part = question.Columns;
            _ = RunColumns.Parse(question.Columns);
            part = null;
            return new(question, await source.Page(question, cancellationToken));
        }
        catch (RunQueryException mistake)
        {
            return new(question, null, mistake, part);
        }
        catch (RunQueryTooSlowException slow)
        {
            return new(question, null, Slow: slow.Message);
        }
    }
}
