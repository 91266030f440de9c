using System.Collections.Immutable;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>
/// What is asked of a run. Truth is three-valued: a comparison of a field that the run does not have is unknown, and so is its negation; a run is found when the whole is true.
/// Values of different types are never equal, and not ordered (unknown).
/// </summary>
public abstract record RunCondition
{
    private RunCondition()
    {
    }

    /// <summary>All of them; true without any.</summary>
    public sealed record And(ImmutableArray<RunCondition> Parts) : RunCondition;

    /// <summary>One of them.</summary>
    public sealed record Or(ImmutableArray<RunCondition> Parts) : RunCondition;

    /// <summary>The opposite; unknown stays unknown.</summary>
    public sealed record Not(RunCondition Part) : RunCondition;

    /// <summary>A field held against a value.</summary>
    public sealed record Compare(RunField Field, RunComparator Comparator, RunValue Value) : RunCondition;

    /// <summary>A field that has one of some values, or none of them.</summary>
    public sealed record OneOf(RunField Field, ImmutableArray<RunValue> Values, bool Negated) : RunCondition;

    /// <summary>A text that has a shape: <c>%</c> is any text, <c>_</c> any character, a backslash takes the next one as it is.</summary>
    public sealed record Like(RunField Field, string Pattern, bool Negated) : RunCondition;

    /// <summary>Whether a run lacks a field, or has it. Never unknown.</summary>
    public sealed record Missing(RunField Field, bool Negated) : RunCondition;
}

/// <summary>How a value is held against another.</summary>
public enum RunComparator
{
    /// <summary>The same.</summary>
    Equal,

    /// <summary>Not the same.</summary>
    NotEqual,

    /// <summary>Below.</summary>
    Less,

    /// <summary>Below or the same.</summary>
    LessOrEqual,

    /// <summary>Above.</summary>
    Greater,

    /// <summary>Above or the same.</summary>
    GreaterOrEqual,
}

/// <summary>A value of a query.</summary>
public abstract record RunValue
{
    private RunValue()
    {
    }

    /// <summary>A finite number.</summary>
    public sealed record Number(double Value) : RunValue;

    /// <summary>A text; texts are ordered by their UTF-8 bytes.</summary>
    public sealed record Text(string Value) : RunValue;

    /// <summary>A truth value.</summary>
    public sealed record Flag(bool Value) : RunValue;

    /// <summary>A time: <c>From &lt;= t &lt; To</c> for a whole day, the one instant <c>From = To</c> otherwise. A day is below what comes after it and above what came before.</summary>
    public sealed record Moment(DateTimeOffset From, DateTimeOffset To) : RunValue
    {
        /// <summary>Whether it is a whole day.</summary>
        public bool IsDay => To > From;
    }
}
