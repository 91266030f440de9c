using System.Collections.Immutable;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Runs;

/// <summary>A question about runs, as it came.</summary>
/// <param name="Query">In the query language; null asks for every run.</param>
/// <param name="Order">A field, with <c>desc</c> for the greatest first; null: the newest first.</param>
/// <param name="Columns">Fields with ',' between them; null: those that most people want.</param>
/// <param name="Cursor">The <see cref="RunPage.Next"/> of the page before; null: the first page.</param>
/// <param name="Limit">Runs on a page; 1 to <see cref="GreatestLimit"/>.</param>
public sealed record RunQuestion(string? Query = null, string? Order = null, string? Columns = null, string? Cursor = null, int Limit = 50)
{
    /// <summary>Runs on the largest page.</summary>
    public const int GreatestLimit = 1_000;
}

/// <summary>A page of runs.</summary>
/// <param name="Columns">What is shown of each.</param>
/// <param name="Rows">The runs in order.</param>
/// <param name="Next">Asks for the page behind this one; null on the last.</param>
public sealed record RunPage(ImmutableArray<RunField> Columns, ImmutableArray<RunRow> Rows, string? Next);

/// <summary>One run of a page.</summary>
/// <param name="Id">Its identity.</param>
/// <param name="Origin">The weakest origin of its joules, which its metrics share.</param>
/// <param name="Values">One per column: <see cref="double"/>, <see cref="string"/>, <see cref="bool"/> or <see cref="DateTimeOffset"/>; null where the run has none.</param>
public sealed record RunRow(Guid Id, Origin Origin, ImmutableArray<object?> Values);
