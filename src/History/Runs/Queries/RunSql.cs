using System.Collections.Frozen;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>
/// Compiles a condition to SQL over <c>experiment.run r</c>. A column is compared in place. A fact is either looked up run by run, which is quick for few runs (<c>offset 0</c> keeps the planner from anything else),
/// or left to the planner: it joins the set of all runs for which the comparison is true, and under an <c>or</c> hashes that set where many runs are left to ask and looks it up run by run where few are.
/// </summary>
/// <param name="sql">Takes the text.</param>
/// <param name="fields">Numbers of the names that any run ever had.</param>
/// <param name="runByRun">Whether facts are looked up run by run.</param>
internal sealed class RunSql(SqlText sql, FrozenDictionary<string, int> fields, bool runByRun)
{
    private const string Facts = "exists (select from experiment.fact f where f.run_no = r.run_no and f.field_id = ";

    /// <summary>Adds the condition; it is true, false or null per run.</summary>
    public void Add(RunCondition condition) => Visit(RunConditions.WithoutNot(condition));

    private void Visit(RunCondition condition)
    {
        switch (condition)
        {
            case RunCondition.And and:
                Join(and.Parts, " and ", "true");
                break;
            case RunCondition.Or or:
                Join(or.Parts, " or ", "false");
                break;
            case RunCondition.Missing missing:
                Missing(missing);
                break;
            case RunCondition.Compare compare:
                Leaf(compare.Field, column => Compare(column, compare.Comparator, compare.Value));
                break;
            case RunCondition.OneOf oneOf:
                Leaf(oneOf.Field, column => OneOf(column, oneOf));
                break;
            case RunCondition.Like like:
                Leaf(like.Field, column => sql.Add(column ?? "f.text").Add(like.Negated ? " not like " : " like ").Value(like.Pattern));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(condition), condition, "no such condition");
        }
    }

    private void Join(IReadOnlyList<RunCondition> parts, string word, string none)
    {
        if (parts.Count == 0)
        {
            sql.Add(none);
            return;
        }

        for (var part = 0; part < parts.Count; part++)
        {
            sql.Add(part == 0 ? "(" : word);
            Visit(parts[part]);
        }

        sql.Add(")");
    }

    private void Leaf(RunField field, Action<string?> compare)
    {
        if (field.Column is { } column)
        {
            sql.Add("(");
            compare(column);
            sql.Add(")");
        }
        else if (fields.TryGetValue(field.Name, out var id))
        {
            sql.Add(Facts).Value(id).Add(" and (");
            compare(null);
            sql.Add(runByRun ? ") offset 0)" : "))");
        }
        else
        {
            sql.Add("false");
        }
    }

    private void Missing(RunCondition.Missing missing)
    {
        if (missing.Field.Column is { } column)
        {
            sql.Add("(").Add(column).Add(missing.Negated ? " is not null)" : " is null)");
        }
        else if (fields.TryGetValue(missing.Field.Name, out var id))
        {
            sql.Add(missing.Negated ? "" : "not ").Add(Facts).Value(id).Add(runByRun ? " offset 0)" : ")");
        }
        else
        {
            sql.Add(missing.Negated ? "false" : "true");
        }
    }

    private void OneOf(string? column, RunCondition.OneOf oneOf)
    {
        var texts = oneOf.Values.OfType<RunValue.Text>().Select(it => it.Value).Distinct().ToArray();
        var numbers = oneOf.Values.OfType<RunValue.Number>().Select(it => it.Value).Distinct().ToArray();
        var word = "";
        if (texts.Length > 0)
        {
            sql.Add(Begin());
            if (column is null)
            {
                // Through the index by the beginning, then by the whole.
                sql.Add("left(f.text, 200) = any(").Value(Array.ConvertAll(texts, Beginning)).Add(") and ");
            }

            sql.Add(column ?? "f.text").Add(" = any(").Value(texts).Add(")").Add(End());
        }

        if (numbers.Length > 0)
        {
            sql.Add(Begin()).Add(column ?? "f.number").Add(" = any(").Value(numbers).Add(")").Add(End());
        }

        foreach (var value in oneOf.Values.Where(value => value is RunValue.Moment or RunValue.Flag).Distinct())
        {
            sql.Add(Begin());
            Equal(column, value);
            sql.Add(End());
        }

        string Begin()
        {
            var joined = word;
            word = oneOf.Negated ? " and " : " or ";
            return joined + "(";
        }

        // A fact of another type is none of the values; a column that is null stays unknown.
        string End() => !oneOf.Negated ? ")" : column is null ? ") is not true" : ") = false";
    }

    private void Compare(string? column, RunComparator comparator, RunValue value)
    {
        switch (comparator)
        {
            case RunComparator.Equal:
                Equal(column, value);
                return;
            case RunComparator.NotEqual:
                sql.Add("(");
                Equal(column, value);
                sql.Add(column is null ? ") is not true" : ") = false");
                return;
        }

        // A day is its whole length: up to a day includes it, after a day excludes it.
        var (place, sign) = (column ?? Place(value), Sign(comparator));
        switch (value)
        {
            case RunValue.Number number:
                sql.Add(place).Add(sign).Value(number.Value);
                break;
            case RunValue.Text text:
                sql.Add(place).Add(sign).Value(text.Value);
                break;
            case RunValue.Moment { IsDay: true } day:
                sql.Add(place).Add(comparator is RunComparator.Less or RunComparator.LessOrEqual ? " < " : " >= ").Value(comparator is RunComparator.Less or RunComparator.GreaterOrEqual ? day.From : day.To);
                break;
            case RunValue.Moment moment:
                sql.Add(place).Add(sign).Value(moment.From);
                break;
            default:
                sql.Add("false");
                break;
        }
    }

    private void Equal(string? column, RunValue value)
    {
        var place = column ?? Place(value);
        switch (value)
        {
            case RunValue.Number number:
                sql.Add(place).Add(" = ").Value(number.Value);
                break;
            case RunValue.Text text when column is null:
                sql.Add("left(f.text, 200) = ").Value(Beginning(text.Value)).Add(" and f.text = ").Value(text.Value);
                break;
            case RunValue.Text text:
                sql.Add(place).Add(" = ").Value(text.Value);
                break;
            case RunValue.Flag flag:
                sql.Add(place).Add(" = ").Value(flag.Value);
                break;
            case RunValue.Moment { IsDay: true } day:
                sql.Add(place).Add(" >= ").Value(day.From).Add(" and ").Add(place).Add(" < ").Value(day.To);
                break;
            case RunValue.Moment moment:
                sql.Add(place).Add(" = ").Value(moment.From);
                break;
        }
    }

    private static string Place(RunValue value) => value switch
    {
        RunValue.Number => "f.number",
        RunValue.Text => "f.text",
        RunValue.Flag => "f.flag",
        _ => "f.moment",
    };

    private static string Sign(RunComparator comparator) => comparator switch
    {
        RunComparator.Less => " < ",
        RunComparator.LessOrEqual => " <= ",
        RunComparator.Greater => " > ",
        _ => " >= ",
    };

    // PostgreSQL's left() counts characters, not UTF-16 units.
    private static string Beginning(string text)
    {
        if (text.Length <= 200)
        {
            return text;
        }

        var end = 0;
        for (var characters = 0; characters < 200 && end < text.Length; characters++)
        {
            end += char.IsHighSurrogate(text[end]) ? 2 : 1;
        }

        return text[..Math.Min(end, text.Length)];
    }
}
