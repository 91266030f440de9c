using System.Globalization;
using EnergyTTT.History.Runs;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Portal.Runs;

/// <summary>How runs are written for people.</summary>
public static class RunWriting
{
    /// <summary>The address of a run.</summary>
    public static string Address(Guid run) => "/runs/" + run.ToString("D");

    /// <summary>The address of an export of exactly what a list shows.</summary>
    public static string Export(RunQuestion question, string format)
    {
        ArgumentNullException.ThrowIfNull(question);
        var parts = new (string Name, string? Value)[] { ("q", question.Query), ("order", question.Order), ("columns", question.Columns), ("format", format) };
        return "/v1/runs/export?" + string.Join('&', parts.Where(part => !string.IsNullOrEmpty(part.Value)).Select(part => $"{part.Name}={Uri.EscapeDataString(part.Value ?? "")}"));
    }

    /// <summary>A value of a column; an en dash where the run has none.</summary>
    public static string Value(object? value, Display display)
    {
        ArgumentNullException.ThrowIfNull(display);
        return value switch
        {
            // A seed or a size is what it is; only figures are rounded.
            double number when double.IsInteger(number) && Math.Abs(number) < 1e15 => number.ToString("0", CultureInfo.InvariantCulture),
            double number => display.Plain(number, "").Text,
            bool flag => flag ? "yes" : "no",
            string text => text,
            DateTimeOffset moment => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC",
            _ => Reading.None.Text,
        };
    }

    /// <summary>An interval, such as "4.70 to 7.50"; an en dash where there is none.</summary>
    public static string Interval(double? low, double? high, Display display)
    {
        ArgumentNullException.ThrowIfNull(display);
        return low is null || high is null ? Reading.None.Text : $"{display.Plain(low, "").Text} to {display.Plain(high, "").Text}";
    }

    /// <summary>What a comparison says, in a sentence that claims no more than was measured.</summary>
    public static string Verdict(RunComparison comparison, Display display)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        ArgumentNullException.ThrowIfNull(display);
        var percent = display.Plain(comparison.SavingPercent is { } saving ? Math.Abs(saving) : null, "%").Spoken;
        return comparison.Verdict switch
        {
            Wire.Runs.Verdict.Saving => $"saved {percent}",
            Wire.Runs.Verdict.Loss => $"lost {percent}",
            Wire.Runs.Verdict.NoSignificantSaving => "no significant saving",
            Wire.Runs.Verdict.NotMeasured => $"{RunWords.Of(comparison.Origin)} effect of {display.Plain(comparison.SavingPercent, "%").Spoken}; nothing was measured",
            _ => string.Create(CultureInfo.InvariantCulture, $"inconclusive: {comparison.Pairs} pairs"),
        };
    }

    /// <summary>What a chart of a run's series shows.</summary>
    public static string Title(string series) => series switch
    {
        "sweep_joules" => "Joules per token against perplexity",
        "equal_quality" => "Less energy at equal perplexity",
        "sweep_distinct" => "Distinct experts against perplexity, while bounds were tuned",
        "sweep_retained" => "Gate mass kept against perplexity, while bounds were tuned",
        "sweep_bound" => "Bound against perplexity, while bounds were tuned",
        "temperature" => "Temperature",
        "power" => "Power",
        "bias" => "Bias in force at the end",
        _ => series,
    };

    /// <summary>Whether a series has anything to look at: biases that stayed 0 have not.</summary>
    public static bool SaysSomething(RunSeries series)
    {
        ArgumentNullException.ThrowIfNull(series);
        return series.Name != "bias" || series.Y.Any(value => value is not (null or 0));
    }

    /// <summary>A reason code in words.</summary>
    public static string Reason(string code) => code.Replace('_', ' ');

    /// <summary>The arms that can stand in one figure: those of one origin.</summary>
    public static IEnumerable<IGrouping<Origin, RunArm>> ByOrigin(IEnumerable<RunArm> arms) => arms.GroupBy(arm => arm.Origin).OrderBy(of => of.Key);
}
