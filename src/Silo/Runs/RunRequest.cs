using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Silo.Problems;
using Microsoft.AspNetCore.Mvc;

namespace EnergyTTT.Silo.Runs;

/// <summary>The parameters of <c>GET /v1/runs</c> as they come.</summary>
internal sealed record RunRequest
{
    /// <summary>A question in the query language of runs; all runs when not given.</summary>
    [FromQuery(Name = "q")] public string? Query { get; init; }

    /// <summary>A field, with <c>desc</c> for the greatest first; <c>started desc</c> when not given.</summary>
    [FromQuery(Name = "order")] public string? Order { get; init; }

    /// <summary>Fields with ',' between them.</summary>
    [FromQuery(Name = "columns")] public string? Columns { get; init; }

    /// <summary>The <c>next</c> of the page before.</summary>
    [FromQuery(Name = "cursor")] public string? Cursor { get; init; }

    /// <summary>Runs on a page: 1 to 1,000, 50 when not given.</summary>
    [FromQuery(Name = "limit")] public string? Limit { get; init; }

    /// <summary>The question, or what is wrong with the parameters.</summary>
    /// <param name="now">What <c>now</c> means.</param>
    public (RunQuestion? Question, Problem? Problem) Read(DateTimeOffset now)
    {
        var limit = 50;
        if (!string.IsNullOrEmpty(Limit) && (!int.TryParse(Limit, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out limit) || limit is < 1 or > RunQuestion.GreatestLimit))
        {
            return (null, new Problem(400, "invalid_limit", "The limit is out of its range.", $"limit is '{Limit}'; 1 to {RunQuestion.GreatestLimit} expected."));
        }

        var parameter = "q";
        try
        {
            _ = RunQueryParser.Parse(Query, now);
            parameter = "order";
            _ = RunOrder.Parse(Order);
            parameter = "columns";
            _ = RunColumns.Parse(Columns);
            return (new RunQuestion(Query, Order, Columns, Cursor, limit), null);
        }
        catch (RunQueryException wrong)
        {
            return (null, RunAnswers.Of(wrong, parameter));
        }
    }
}
