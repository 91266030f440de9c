using System.Globalization;
using System.Text.Json;
using EnergyTTT.History.Runs.Queries;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.History.Runs;

/// <summary>One value by which a run is searched; exactly one of the four is there.</summary>
public readonly record struct RunFact(string Name, double? Number = null, DateTimeOffset? Moment = null, bool? Flag = null, string? Text = null);

/// <summary>The values by which a run is searched: its settings, tags and metrics, and every plain value of its receipt (lists as texts with blanks between).</summary>
public static class RunFacts
{
    private const int MostFacts = 1_000;

    /// <summary>The facts of a run.</summary>
    public static IReadOnlyList<RunFact> Of(RunBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        var facts = new List<RunFact>();
        foreach (var (name, value) in bundle.Run.Parameters)
        {
            facts.Add(value.Number is { } number ? new("param." + name, Number: number) : value.Flag is { } flag ? new("param." + name, Flag: flag) : new("param." + name, Text: value.Text ?? ""));
        }

        facts.AddRange(bundle.Run.Metrics.Select(metric => new RunFact("metric." + metric.Key, Number: metric.Value)));
        facts.AddRange(bundle.Run.Tags.Select(tag => new RunFact("tag." + tag.Key, Text: tag.Value)));
        if (bundle.Receipt is { } receipt)
        {
            facts.AddRange(OfReceipt(receipt));
        }

        return facts;
    }

    /// <summary>What stands against recording a bundle beside <see cref="RunBundleCheck"/>: names that nobody could ask for, texts that PostgreSQL cannot hold. Null when nothing does.</summary>
    public static string? Fault(RunBundle bundle)
    {
        var facts = Of(bundle);
        if (facts.Count > MostFacts)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{facts.Count} settings, tags, metrics and lines of the receipt: at most {MostFacts} expected");
        }

        foreach (var fact in facts)
        {
            if (RunFields.Find(fact.Name) is null || fact.Name.Any(char.IsControl))
            {
                return $"the name '{fact.Name}': 1 to {QueryLimits.NameCharacters} printable characters expected";
            }

            if (fact.Number is { } number && !double.IsFinite(number))
            {
                return $"{fact.Name} is {number}: a finite number expected";
            }
        }

        var moments = bundle.Trials.SelectMany(trial => new[] { trial.Started, trial.Finished }).Append(bundle.Run.Started).Append(bundle.Run.Finished ?? bundle.Run.Started)
            .Concat(bundle.Receipt is { } receipt ? [receipt.Started, receipt.Finished] : []);
        if (moments.Any(moment => !IsStorable(moment)))
        {
            return "a moment outside the years 1900 to 2999";
        }

        if (!IsFinite(() => JsonSerializer.SerializeToUtf8Bytes(bundle, WireJson.Default.RunBundle)))
        {
            return NotFinite;
        }

        var texts = facts.Select(fact => fact.Text).Concat(
            [bundle.Run.Kind, bundle.Run.Name, bundle.Run.Reason, bundle.Receipt?.GpuModel, .. bundle.Arms.Select(arm => arm.Name), .. bundle.Trials.Select(trial => trial.Arm), .. bundle.Series.SelectMany(it => new[] { it.Name, it.Label })]);
        return texts.Any(text => text?.Contains('\0', StringComparison.Ordinal) is true) ? "a text with U+0000, which cannot be stored" : null;
    }

    /// <summary>What stands against recording one trial; null when nothing does.</summary>
    public static string? Fault(RunTrial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        return trial.Arm.Contains('\0', StringComparison.Ordinal) ? "a text with U+0000, which cannot be stored"
            : trial.Block < 0 || trial.Tokens < 0 || !(trial.Seconds >= 0) || trial.Joules is < 0 || trial.Finished < trial.Started
                ? string.Create(CultureInfo.InvariantCulture, $"block {trial.Block}: a block, tokens, seconds and joules of 0 or more, and an end after its start expected")
            : !IsStorable(trial.Started) || !IsStorable(trial.Finished) ? "a moment outside the years 1900 to 2999"
            : !IsFinite(() => JsonSerializer.SerializeToUtf8Bytes(trial, WireJson.Default.RunTrial)) ? NotFinite
            : null;
    }

    private const string NotFinite = "a number that is not finite";

    private static bool IsStorable(DateTimeOffset moment) => moment.UtcDateTime.Year is >= 1900 and < 3000;

    // JSON has no word for such numbers, so writing them down is the test.
    private static bool IsFinite(Action write)
    {
        try
        {
            write();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static IEnumerable<RunFact> OfReceipt(RunReceipt receipt)
    {
        using var json = JsonSerializer.SerializeToDocument(receipt, WireJson.Default.RunReceipt);
        foreach (var member in json.RootElement.EnumerateObject())
        {
            var name = "receipt." + member.Name;
            switch (member.Value.ValueKind)
            {
                case JsonValueKind.Number:
                    yield return new(name, Number: member.Value.GetDouble());
                    break;
                case JsonValueKind.True or JsonValueKind.False:
                    yield return new(name, Flag: member.Value.GetBoolean());
                    break;
                case JsonValueKind.String when member.Name is "started" or "finished":
                    yield return new(name, Moment: member.Value.GetDateTimeOffset());
                    break;
                case JsonValueKind.String:
                    yield return new(name, Text: member.Value.GetString());
                    break;
                case JsonValueKind.Array when member.Name != "order" && member.Value.GetArrayLength() > 0:
                    yield return new(name, Text: string.Join(' ', member.Value.EnumerateArray().Select(item => item.ToString())));
                    break;
            }
        }
    }
}
