using System.Globalization;
using System.Text;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>Cuts a query into words. Every character belongs to a word or is a blank, or the query is refused at that character.</summary>
internal static class QueryTokens
{
    private const string Values = "a number, a text in quotes, a date such as 2026-11-01 or now-30d, true or false";

    /// <summary>The words of a query, closed by one that says that nothing more comes.</summary>
    /// <param name="text">The query.</param>
    /// <param name="now">What <c>now</c> means.</param>
    public static List<QueryToken> Read(string text, DateTimeOffset now)
    {
        if (text.Length > QueryLimits.Characters)
        {
            throw new RunQueryException("too_long", QueryLimits.Characters + 1, text.Length - QueryLimits.Characters, $"the query has {text.Length} characters", $"at most {QueryLimits.Characters}");
        }

        var tokens = new List<QueryToken>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && text[at] is ' ' or '\t' or '\r' or '\n')
            {
                at++;
            }

            if (at == text.Length)
            {
                tokens.Add(new(QueryTokenKind.End, "", at + 1, ""));
                return tokens;
            }

            var token = One(text, at, now);
            tokens.Add(token);
            at += token.Source.Length;
        }
    }

    private static QueryToken One(string text, int at, DateTimeOffset now) => text[at] switch
    {
        '(' or ')' or ',' or '=' or '!' or '<' or '>' => Sign(text, at),
        '"' or '\'' => Quoted(text, at),
        '-' or '.' or (>= '0' and <= '9') => Numeric(text, at),
        var first when char.IsAsciiLetter(first) || first == '_' => Word(text, at, now),
        _ => throw Unexpected(text, at),
    };

    private static QueryToken Sign(string text, int at)
    {
        var two = at + 1 < text.Length ? text.Substring(at, 2) : "";
        return two switch
        {
            "!=" or "<=" or ">=" => new(QueryTokenKind.Sign, two, at + 1, two),
            "<>" => throw new RunQueryException("syntax", at + 1, 2, "'<>' stands there", "'!='"),
            "==" => throw new RunQueryException("syntax", at + 1, 2, "'==' stands there", "'='"),
            _ when text[at] == '!' => throw new RunQueryException("syntax", at + 1, 1, "'!' stands there", "'!=' or 'not'"),
            _ => new(QueryTokenKind.Sign, text.Substring(at, 1), at + 1, text.Substring(at, 1)),
        };
    }

    // A quote inside a text is written twice. A backslash is nothing special here; 'like' knows it.
    private static QueryToken Quoted(string text, int at)
    {
        var value = ReadQuoted(text, at, out var length);
        return new(QueryTokenKind.Text, text.Substring(at, length), at + 1, value);
    }

    private static string ReadQuoted(string text, int at, out int length)
    {
        var quote = text[at];
        var value = new StringBuilder();
        for (var end = at + 1; end < text.Length; end++)
        {
            if (text[end] == quote)
            {
                if (end + 1 == text.Length || text[end + 1] != quote)
                {
                    length = end + 1 - at;
                    return value.ToString();
                }

                end++;
            }
            else if (char.IsControl(text[end]) || IsLoneSurrogate(text, end))
            {
                throw new RunQueryException("syntax", end + 1, 1, string.Create(CultureInfo.InvariantCulture, $"U+{(int)text[end]:X4} stands in a text"), "printable characters");
            }

            value.Append(text[end]);
        }

        throw new RunQueryException("syntax", text.Length + 1, 0, $"the text that begins at character {at + 1} does not end", $"a closing {quote}");
    }

    private static bool IsLoneSurrogate(string text, int at) =>
        char.IsHighSurrogate(text[at]) ? at + 1 == text.Length || !char.IsLowSurrogate(text[at + 1])
        : char.IsLowSurrogate(text[at]) && (at == 0 || !char.IsHighSurrogate(text[at - 1]));

    private static QueryToken Numeric(string text, int at)
    {
        var end = at + 1;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '.' or ':' or '-' or '+' or '_'))
        {
            end++;
        }

        var source = text[at..end];
        if (QueryMoments.TryRead(source, out var from, out var isDay))
        {
            return new(QueryTokenKind.Moment, source, at + 1, source, From: from, IsDay: isDay);
        }

        const NumberStyles Styles = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!double.TryParse(source, Styles, CultureInfo.InvariantCulture, out var number))
        {
            throw new RunQueryException("syntax", at + 1, source.Length, $"'{source}' is neither a number nor a date", Values);
        }

        return double.IsFinite(number)
            ? new(QueryTokenKind.Number, source, at + 1, source, Number: number)
            : throw new RunQueryException("out_of_range", at + 1, source.Length, $"'{source}' is too large a number", "a number of a magnitude below 1.8e308");
    }

    private static QueryToken Word(string text, int at, DateTimeOffset now)
    {
        var value = new StringBuilder();
        var end = at;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '.' or '-' || (text[end] == '+' && text[at..end] == "now")))
        {
            value.Append(text[end++]);

            // tag."my site": a name that is no plain word.
            if (text[end - 1] == '.' && end < text.Length && text[end] == '"')
            {
                value.Append(ReadQuoted(text, end, out var length));
                end += length;
                return new(QueryTokenKind.Word, text[at..end], at + 1, value.ToString());
            }
        }

        var source = text[at..end];
        return source == "now" || source.StartsWith("now-", StringComparison.Ordinal) || source.StartsWith("now+", StringComparison.Ordinal)
            ? new(QueryTokenKind.Moment, source, at + 1, source, From: QueryMoments.FromNow(source, at + 1, now))
            : new(QueryTokenKind.Word, source, at + 1, value.ToString());
    }

    private static RunQueryException Unexpected(string text, int at)
    {
        var rune = Rune.TryGetRuneAt(text, at, out var whole) ? whole : Rune.ReplacementChar;
        var shown = Rune.IsControl(rune) || rune == Rune.ReplacementChar ? string.Create(CultureInfo.InvariantCulture, $"U+{(int)text[at]:X4}") : $"'{rune}'";
        return new("syntax", at + 1, rune.Utf16SequenceLength, $"{shown} stands there", $"a field, an operator, a parenthesis, {Values}");
    }
}
