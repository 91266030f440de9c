using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Portal.Ranges;
using EnergyTTT.Portal.Runs;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Runs;

/// <summary>The runs that a query finds (<c>var-q</c>, <c>var-order</c>, <c>var-columns</c>, <c>var-cursor</c>). A mistake is shown where it is.</summary>
public partial class RunsPage
{
    // A list of history need not be asked for every other second.
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(15);
    private static readonly string[] Formats = ["csv", "json", "parquet"];

    private RunsScreen? _known;
    private DateTimeOffset _knownAt;

    /// <summary>Who is asked.</summary>
    [Inject] public required IRunSource Source { get; set; }

    private RunQueryException? Mistake => Answer.Value?.Mistake;

    private RunOrder Order => Answer.Value is { Mistake: null } known ? RunOrder.Parse(known.Question.Order) : RunOrder.Default;

    /// <inheritdoc/>
    protected override async Task<RunsScreen?> Ask(CancellationToken cancellationToken)
    {
        var question = new RunQuestion(State["q"], State["order"], State["columns"], State["cursor"]);
        var now = Clock.GetUtcNow();
        if (_known?.Question != question || now - _knownAt >= Freshness)
        {
            (_known, _knownAt) = (await RunsScreen.Ask(Source, question, now, cancellationToken), now);
        }

        return _known;
    }

    private static IEnumerable<RunField> Shown(RunPage page) => page.Columns.Where(column => column.Name != "origin");

    private static bool IsNumber(RunField column) => column.Kind == RunFieldKind.Number;

    private static string Brief(Guid id) => id.ToString("N")[^12..];

    private string? Sort(RunField column) => Order.Field.Name != column.Name ? null : Order.Descending ? "descending" : "ascending";

    private PageState Ordered(RunField column)
    {
        var name = column.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-')
            ? column.Name
            : $"{column.Name[..(column.Name.IndexOf('.', StringComparison.Ordinal) + 1)]}\"{column.Name[(column.Name.IndexOf('.', StringComparison.Ordinal) + 1)..].Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        return State.With("cursor").With("order", Sort(column) == "descending" ? name : name + " desc");
    }

    // Where something is missing at the end there is no character to mark.
    private static string Marked(string text, RunQueryException mistake)
    {
        var from = Math.Min(text.Length, mistake.Position - 1);
        return mistake.Length == 0 ? "␣" : text[from..Math.Min(text.Length, from + mistake.Length)];
    }
}
