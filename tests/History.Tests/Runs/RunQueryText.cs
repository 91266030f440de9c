using System.Globalization;
using EnergyTTT.History.Runs.Queries;

namespace EnergyTTT.History.Tests.Runs;

/// <summary>Writes a condition in the query language.</summary>
internal static class RunQueryText
{
    /// <summary>With every parenthesis, so that nothing depends on precedence.</summary>
    public static string Of(RunCondition condition) => condition switch
    {
        RunCondition.And { Parts: [] } => "true",
        RunCondition.And and => "(" + string.Join(" and ", and.Parts.Select(Of)) + ")",
        RunCondition.Or or => "(" + string.Join(" or ", or.Parts.Select(Of)) + ")",
        RunCondition.Not not => $"(not {Of(not.Part)})",
        _ => "(" + Leaf(condition) + ")",
    };

    /// <summary>With no parenthesis but those that precedence needs.</summary>
    public static string Sparse(RunCondition condition, int binding = 0) => condition switch
    {
        RunCondition.Or or => Wrap(binding > 0, string.Join(" or ", or.Parts.Select(part => Sparse(part, 1)))),
        RunCondition.And and => Wrap(binding > 1, string.Join(" and ", and.Parts.Select(part => Sparse(part, 2)))),
        RunCondition.Not not => "not " + Sparse(not.Part, 2),
        _ => Leaf(condition),
    };

    private static string Wrap(bool wrap, string text) => wrap ? "(" + text + ")" : text;

    private static string Leaf(RunCondition condition) => condition switch
    {
        RunCondition.Compare compare => $"{Name(compare.Field)} {Sign(compare.Comparator)} {Value(compare.Value)}",
        RunCondition.OneOf oneOf => $"{Name(oneOf.Field)} {(oneOf.Negated ? "not in" : "in")} ({string.Join(", ", oneOf.Values.Select(Value))})",
        RunCondition.Like like => $"{Name(like.Field)} {(like.Negated ? "not like" : "like")} {Quote(like.Pattern)}",
        RunCondition.Missing missing => $"{Name(missing.Field)} is {(missing.Negated ? "not null" : "null")}",
        _ => throw new ArgumentOutOfRangeException(nameof(condition)),
    };

    private static string Name(RunField field) =>
        field.Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-') ? field.Name : field.Name[..(field.Name.IndexOf('.', StringComparison.Ordinal) + 1)] + Quote(field.Name[(field.Name.IndexOf('.', StringComparison.Ordinal) + 1)..]);

    private static string Sign(RunComparator comparator) => comparator switch
    {
        RunComparator.Equal => "=",
        RunComparator.NotEqual => "!=",
        RunComparator.Less => "<",
        RunComparator.LessOrEqual => "<=",
        RunComparator.Greater => ">",
        _ => ">=",
    };

    private static string Value(RunValue value) => value switch
    {
        RunValue.Number number => number.Value.ToString("R", CultureInfo.InvariantCulture),
        RunValue.Text text => Quote(text.Value),
        RunValue.Flag flag => flag.Value ? "true" : "false",
        RunValue.Moment { IsDay: true } day => day.From.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        RunValue.Moment moment => moment.From.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        _ => throw new ArgumentOutOfRangeException(nameof(value)),
    };

    private static string Quote(string text) => "\"" + text.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
