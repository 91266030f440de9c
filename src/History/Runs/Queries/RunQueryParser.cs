using System.Collections.Immutable;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>
/// Reads the query language of runs by recursive descent: <c>or</c> binds least, then <c>and</c>, then <c>not</c>, then a comparison or a parenthesis. Words of the language are read in any case,
/// names of fields as they are. An empty query asks for every run.
/// </summary>
public sealed class RunQueryParser
{
    private readonly List<QueryToken> _tokens;
    private int _at;
    private int _depth;
    private int _conditions;

    private RunQueryParser(List<QueryToken> tokens) => _tokens = tokens;

    private QueryToken Next => _tokens[_at];

    /// <summary>What a query asks.</summary>
    /// <param name="query">The text; null or blank asks for every run.</param>
    /// <param name="now">What <c>now</c> means.</param>
    /// <exception cref="RunQueryException">It is not understood; the exception says where and what was expected.</exception>
    public static RunCondition Parse(string? query, DateTimeOffset now)
    {
        var parser = new RunQueryParser(QueryTokens.Read(query ?? "", now));
        if (parser.Next.Kind == QueryTokenKind.End)
        {
            return new RunCondition.And([]);
        }

        var condition = parser.Or();
        return parser.Next.Kind == QueryTokenKind.End ? condition : throw parser.Next.Refuse("'and', 'or' or the end of the query");
    }

    private RunCondition Or()
    {
        var parts = ImmutableArray.Create(And());
        while (Take("or"))
        {
            parts = parts.Add(And());
        }

        return parts is [var only] ? only : new RunCondition.Or(parts);
    }

    private RunCondition And()
    {
        var parts = ImmutableArray.Create(Not());
        while (Take("and"))
        {
            parts = parts.Add(Not());
        }

        return parts is [var only] ? only : new RunCondition.And(parts);
    }

    private RunCondition Not()
    {
        var token = Next;
        if (!token.Is("not") && !token.IsSign("("))
        {
            return Condition();
        }

        _at++;
        if (++_depth > QueryLimits.Depth)
        {
            throw token.Refuse($"at most {QueryLimits.Depth} parentheses and nots inside one another", "too_deep");
        }

        RunCondition inner;
        if (token.IsSign("("))
        {
            inner = Or();
            if (!TakeSign(")"))
            {
                throw Next.Refuse($"')' for the '(' at character {token.Position}, 'and' or 'or'");
            }
        }
        else
        {
            inner = new RunCondition.Not(Not());
        }

        _depth--;
        return inner;
    }

    private RunCondition Condition()
    {
        var name = Next;
        if (name.Kind != QueryTokenKind.Word || IsReserved(name))
        {
            throw name.Refuse($"a condition, '(' or 'not'; a condition begins with a field: {RunFields.Expected}");
        }

        var field = RunFields.Find(name.Value) ?? throw name.Refuse($"a field: {RunFields.Expected}", "unknown_field");
        _at++;
        if (++_conditions > QueryLimits.Conditions)
        {
            throw name.Refuse($"at most {QueryLimits.Conditions} conditions", "too_many_conditions");
        }

        var token = Next;
        _at++;
        if (token.Is("is"))
        {
            var has = Take("not");
            return Take("null") ? new RunCondition.Missing(field, has) : throw Next.Refuse(has ? "'null'" : "'null' or 'not null'");
        }

        if (token.Is("in"))
        {
            return List(field, false);
        }

        if (token.Is("like"))
        {
            return Like(field, token, false);
        }

        if (token.Is("not"))
        {
            var second = Next;
            return Take("in") ? List(field, true) : Take("like") ? Like(field, second, true) : throw Next.Refuse("'in' or 'like' after 'not'");
        }

        return new RunCondition.Compare(field, Comparator(token) ?? throw token.Refuse("=, !=, <, <=, >, >=, in, not in, like, not like, is null or is not null"), Value(field, token));
    }

    private RunCondition.OneOf List(RunField field, bool negated)
    {
        var open = Next;
        if (!TakeSign("("))
        {
            throw open.Refuse("'(' and values with ',' between them");
        }

        var values = ImmutableArray.CreateBuilder<RunValue>();
        do
        {
            if (values.Count == QueryLimits.ListValues)
            {
                throw Next.Refuse($"at most {QueryLimits.ListValues} values", "too_many_values");
            }

            values.Add(Value(field, null));
        }
        while (TakeSign(","));
        return TakeSign(")") ? new RunCondition.OneOf(field, values.ToImmutable(), negated) : throw Next.Refuse("',' or ')'");
    }

    private RunCondition.Like Like(RunField field, QueryToken word, bool negated)
    {
        if (field.Kind is RunFieldKind.Number or RunFieldKind.Moment)
        {
            throw word.Refuse($"=, !=, <, <=, >, >=, in or is: {field.Name} is a {Spoken(field.Kind)}, and like is for texts", "wrong_type");
        }

        var pattern = Next;
        if (pattern.Kind != QueryTokenKind.Text)
        {
            throw pattern.Refuse("a text in quotes, in which % stands for any text");
        }

        var backslashes = pattern.Value.Length - pattern.Value.TrimEnd('\\').Length;
        if (backslashes % 2 == 1)
        {
            throw pattern.Refuse("a character after the last backslash, which takes it as it is");
        }

        _at++;
        return new(field, pattern.Value, negated);
    }

    private RunValue Value(RunField field, QueryToken? comparator)
    {
        var token = Next;
        var value = Literal(token);
        var fits = (field.Kind, value) switch
        {
            (_, null) => false,
            (RunFieldKind.Any, _) => true,
            (RunFieldKind.Text, RunValue.Text) or (RunFieldKind.Number, RunValue.Number) or (RunFieldKind.Moment, RunValue.Moment) => true,
            _ => false,
        };
        if (!fits)
        {
            var hint = token.Is("null") ? "; absence is asked for by 'is null'" : "";
            throw token.Refuse((field.Kind == RunFieldKind.Any ? "a number, a text in quotes, a date, true or false" : $"a {Spoken(field.Kind)}, since {field.Name} is one") + hint, value is null ? "syntax" : "wrong_type");
        }

        if (value is RunValue.Flag && comparator is { } sign && !(sign.IsSign("=") || sign.IsSign("!=")))
        {
            throw sign.Refuse("= or !=, because truth values have no order", "wrong_type");
        }

        if (value is RunValue.Text word && !field.Words.IsEmpty && comparator is not { Source: "<" or "<=" or ">" or ">=" } && !field.Words.Contains(word.Value))
        {
            throw token.Refuse($"one of {string.Join(", ", field.Words.Select(it => $"\"{it}\""))}", "unknown_word");
        }

        _at++;
        return value!; // it fits, so there is one
    }

    private static RunValue? Literal(QueryToken token) => token.Kind switch
    {
        QueryTokenKind.Number => new RunValue.Number(token.Number),
        QueryTokenKind.Text => new RunValue.Text(token.Value),
        QueryTokenKind.Moment => new RunValue.Moment(token.From, token.IsDay ? token.From.AddDays(1) : token.From),
        _ when token.Is("true") => new RunValue.Flag(true),
        _ when token.Is("false") => new RunValue.Flag(false),
        _ => null,
    };

    private static RunComparator? Comparator(QueryToken token) => token.Kind != QueryTokenKind.Sign ? null : token.Source switch
    {
        "=" => RunComparator.Equal,
        "!=" => RunComparator.NotEqual,
        "<" => RunComparator.Less,
        "<=" => RunComparator.LessOrEqual,
        ">" => RunComparator.Greater,
        ">=" => RunComparator.GreaterOrEqual,
        _ => null,
    };

    private static string Spoken(RunFieldKind kind) => kind switch { RunFieldKind.Number => "number", RunFieldKind.Moment => "date such as 2026-11-01 or now-30d", _ => "text in quotes" };

    private static bool IsReserved(QueryToken token) => token.Is("and") || token.Is("or") || token.Is("in") || token.Is("like") || token.Is("is") || token.Is("null") || token.Is("true") || token.Is("false");

    private bool Take(string word)
    {
        var taken = Next.Is(word);
        _at += taken ? 1 : 0;
        return taken;
    }

    private bool TakeSign(string sign)
    {
        var taken = Next.IsSign(sign);
        _at += taken ? 1 : 0;
        return taken;
    }
}
