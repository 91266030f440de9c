using System.Globalization;
using System.Text;

namespace EnergyTTT.Silo.Metrics;

/// <summary>
/// Writes Prometheus' text format 0.0.4 or OpenMetrics 1.0. A family is written whole: its help and type, then its samples. What is
/// unknown is not written at all.
/// </summary>
public sealed class Exposition(bool openMetrics)
{
    /// <summary>The content type of the older format, which every scraper reads.</summary>
    public const string TextContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>The content type of OpenMetrics.</summary>
    public const string OpenMetricsContentType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    private readonly StringBuilder _text = new();
    private string _family = "";
    private string _type = "";

    /// <summary>Begins a family. The name of a counter is given without <c>_total</c>.</summary>
    /// <param name="name">The family's name.</param>
    /// <param name="type"><c>counter</c> or <c>gauge</c>.</param>
    /// <param name="help">What it is, in one sentence.</param>
    /// <param name="unit">The unit at the end of the name, such as <c>joules</c>; null when there is none.</param>
    public Exposition Family(string name, string type, string help, string? unit = null)
    {
        (_family, _type) = (name, type);
        var shown = openMetrics || type != "counter" ? name : name + "_total";
        _text.Append("# HELP ").Append(shown).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(shown).Append(' ').Append(type).Append('\n');
        if (openMetrics && unit is not null)
        {
            _text.Append("# UNIT ").Append(shown).Append(' ').Append(unit).Append('\n');
        }

        return this;
    }

    /// <summary>Writes one sample of the family; nothing when the value is null or not finite.</summary>
    /// <param name="value">The value in the family's unit.</param>
    /// <param name="labels">Names and values in turn; a label whose value is null is left out.</param>
    public Exposition Sample(double? value, params ReadOnlySpan<string?> labels)
    {
        if (value is not { } known || !double.IsFinite(known))
        {
            return this;
        }

        _text.Append(_family).Append(_type == "counter" ? "_total" : "");
        var opened = false;
        for (var i = 0; i + 1 < labels.Length; i += 2)
        {
            if (labels[i + 1] is not { } text)
            {
                continue;
            }

            _text.Append(opened ? ',' : '{').Append(labels[i]).Append("=\"");
            Escape(text);
            _text.Append('"');
            opened = true;
        }

        _text.Append(opened ? "} " : " ").Append(known.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        return this;
    }

    /// <summary>The whole page.</summary>
    public string Finish() => openMetrics ? _text.Append("# EOF\n").ToString() : _text.ToString();

    private void Escape(string value)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '\\' => _text.Append("\\\\"),
                '"' => _text.Append("\\\""),
                '\n' => _text.Append("\\n"),
                _ => _text.Append(c),
            };
        }
    }
}
