namespace EnergyTTT.History.Runs.Queries;

/// <summary>The kinds of words that a query is made of.</summary>
internal enum QueryTokenKind
{
    /// <summary>Nothing more comes.</summary>
    End,

    /// <summary>A field's name or a word of the language.</summary>
    Word,

    /// <summary>A finite number.</summary>
    Number,

    /// <summary>A text in quotes, without them.</summary>
    Text,

    /// <summary>A date, a moment, or one that counts from now.</summary>
    Moment,

    /// <summary>A comparison or a sign of punctuation.</summary>
    Sign,
}

/// <summary>One word of a query.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Source">As it stands in the query.</param>
/// <param name="Position">Its first character, 1-based.</param>
/// <param name="Value">A text without its quotes; a field's name without the quotes inside it; else <paramref name="Source"/>.</param>
/// <param name="Number">A number's value.</param>
/// <param name="From">A moment, or the first instant of a day.</param>
/// <param name="IsDay">Whether a moment is a whole day (UTC).</param>
internal readonly record struct QueryToken(QueryTokenKind Kind, string Source, int Position, string Value, double Number = 0, DateTimeOffset From = default, bool IsDay = false)
{
    /// <summary>How a message names it.</summary>
    public string Spoken => Kind == QueryTokenKind.End ? "the query ends" : $"'{(Source.Length > 40 ? Source[..40] + "..." : Source)}' stands there";

    /// <summary>Whether it is this word of the language, in any case.</summary>
    public bool Is(string word) => Kind == QueryTokenKind.Word && Source.Equals(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is this sign.</summary>
    public bool IsSign(string sign) => Kind == QueryTokenKind.Sign && Source == sign;

    /// <summary>The refusal of this token.</summary>
    public RunQueryException Refuse(string expected, string code = "syntax") => new(code, Position, Source.Length, Spoken, expected);
}
