using System.Collections.Immutable;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>Rewrites of conditions that keep their answers.</summary>
internal static class RunConditions
{
    /// <summary>
    /// The same condition without <see cref="RunCondition.Not"/>: De Morgan's laws hold in three-valued logic, and every comparison has an exact opposite that is unknown exactly when it is.
    /// What is left asks only whether something is true, so each comparison can be answered from an index.
    /// </summary>
    public static RunCondition WithoutNot(RunCondition condition) => condition switch
    {
        RunCondition.And and => new RunCondition.And([.. and.Parts.Select(WithoutNot)]),
        RunCondition.Or or => new RunCondition.Or([.. or.Parts.Select(WithoutNot)]),
        RunCondition.Not not => Opposite(not.Part),
        _ => condition,
    };

    /// <summary>The names of the fields that it asks for.</summary>
    public static IEnumerable<RunField> Fields(RunCondition condition) => condition switch
    {
        RunCondition.And and => and.Parts.SelectMany(Fields),
        RunCondition.Or or => or.Parts.SelectMany(Fields),
        RunCondition.Not not => Fields(not.Part),
        RunCondition.Compare compare => [compare.Field],
        RunCondition.OneOf oneOf => [oneOf.Field],
        RunCondition.Like like => [like.Field],
        RunCondition.Missing missing => [missing.Field],
        _ => [],
    };

    private static RunCondition Opposite(RunCondition condition) => condition switch
    {
        RunCondition.And and => new RunCondition.Or([.. and.Parts.Select(Opposite)]),
        RunCondition.Or or => new RunCondition.And([.. or.Parts.Select(Opposite)]),
        RunCondition.Not not => WithoutNot(not.Part),
        RunCondition.Compare compare => compare with { Comparator = Opposite(compare.Comparator) },
        RunCondition.OneOf oneOf => oneOf with { Negated = !oneOf.Negated },
        RunCondition.Like like => like with { Negated = !like.Negated },
        RunCondition.Missing missing => missing with { Negated = !missing.Negated },
        _ => throw new ArgumentOutOfRangeException(nameof(condition), condition, "no such condition"),
    };

    private static RunComparator Opposite(RunComparator comparator) => comparator switch
    {
        RunComparator.Equal => RunComparator.NotEqual,
        RunComparator.NotEqual => RunComparator.Equal,
        RunComparator.Less => RunComparator.GreaterOrEqual,
        RunComparator.LessOrEqual => RunComparator.Greater,
        RunComparator.Greater => RunComparator.LessOrEqual,
        _ => RunComparator.Less,
    };
}
