using System.Text;
using EnergyTTT.History.Runs;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.History.Tests.Runs;

/// <summary>The slow, plain reading of the query language over runs in memory: three-valued logic by the book, with no rewriting.</summary>
internal static class RunEvaluator
{
    /// <summary>True, false, or null for unknown.</summary>
    public static bool? Evaluate(RunCondition condition, RunBundle run) => condition switch
    {
        RunCondition.And and => and.Parts.Select(part => Evaluate(part, run)).Aggregate((bool?)true, (all, part) => all & part),
        RunCondition.Or or => or.Parts.Select(part => Evaluate(part, run)).Aggregate((bool?)false, (any, part) => any | part),
        RunCondition.Not not => !Evaluate(not.Part, run),
        RunCondition.Compare compare => Known(Value(run, compare.Field), value => Compare(value, compare.Comparator, compare.Value)),
        RunCondition.OneOf oneOf => Known(Value(run, oneOf.Field), value => oneOf.Values.Any(one => IsEqual(value, one)) != oneOf.Negated),
        RunCondition.Like like => Known(Value(run, like.Field), value => value is string text ? IsLike([.. text.EnumerateRunes()], [.. like.Pattern.EnumerateRunes()]) != like.Negated : null),
        RunCondition.Missing missing => Value(run, missing.Field) is null != missing.Negated,
        _ => throw new ArgumentOutOfRangeException(nameof(condition)),
    };

    /// <summary>What a run has in a field: double, string, bool, DateTimeOffset or null.</summary>
    public static object? Value(RunBundle bundle, RunField field)
    {
        var run = bundle.Run;
        object? value = field.Name switch
        {
            "run.id" => run.Id.ToString(),
            "run.kind" => run.Kind,
            "run.name" => run.Name,
            "run.state" => run.State.ToString().ToLowerInvariant(),
            "run.reason" => run.Reason,
            "run.started" or "started" => run.Started,
            "run.finished" => run.Finished,
            "run.seconds" => (run.Finished - run.Started)?.TotalSeconds,
            "run.source" => "imported",
            "origin" => run.Origin.ToString().ToLowerInvariant(),
            "gpu.model" => bundle.Receipt?.GpuModel,
            "policy.version" => (double?)bundle.Receipt?.PolicyVersion,
            _ => null,
        };
        if (value is not null)
        {
            return value;
        }

        var fact = RunFacts.Of(bundle).FirstOrDefault(it => it.Name == field.Name);
        return fact.Name is null ? null : fact.Number ?? (object?)fact.Text ?? fact.Flag ?? (object?)fact.Moment;
    }

    private static bool? Known(object? value, Func<object, bool?> ask) => value is null ? null : ask(value);

    private static bool? Compare(object value, RunComparator comparator, RunValue other)
    {
        if (comparator is RunComparator.Equal or RunComparator.NotEqual)
        {
            return IsEqual(value, other) == (comparator == RunComparator.Equal);
        }

        // -1: the value is below, 0: within, 1: above.
        int? order = (value, other) switch
        {
            (double number, RunValue.Number it) => number.CompareTo(it.Value),
            (string text, RunValue.Text it) => Encoding.UTF8.GetBytes(text).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(it.Value)),
            (DateTimeOffset time, RunValue.Moment it) => time < it.From ? -1 : it.IsDay ? (time < it.To ? 0 : 1) : time.CompareTo(it.From),
            _ => null,
        };
        return order is not { } known ? null : comparator switch
        {
            RunComparator.Less => known < 0,
            RunComparator.LessOrEqual => known <= 0,
            RunComparator.Greater => known > 0,
            _ => known >= 0,
        };
    }

    private static bool IsEqual(object value, RunValue other) => (value, other) switch
    {
        (double number, RunValue.Number it) => number == it.Value,
        (string text, RunValue.Text it) => text == it.Value,
        (bool flag, RunValue.Flag it) => flag == it.Value,
        (DateTimeOffset time, RunValue.Moment it) => it.IsDay ? time >= it.From && time < it.To : time == it.From,
        _ => false,
    };

    private static bool IsLike(ReadOnlySpan<Rune> text, ReadOnlySpan<Rune> pattern)
    {
        if (pattern.IsEmpty)
        {
            return text.IsEmpty;
        }

        if (pattern[0].Value == '%')
        {
            for (var skipped = 0; skipped <= text.Length; skipped++)
            {
                if (IsLike(text[skipped..], pattern[1..]))
                {
                    return true;
                }
            }

            return false;
        }

        var literal = pattern[0].Value == '\\';
        var head = literal ? pattern[1] : pattern[0];
        return !text.IsEmpty && ((head.Value == '_' && !literal) || head == text[0]) && IsLike(text[1..], pattern[(literal ? 2 : 1)..]);
    }
}
