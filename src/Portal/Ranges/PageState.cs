using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.WebUtilities;

namespace EnergyTTT.Portal.Ranges;

/// <summary>
/// All that a person can set on a page, read from and written to its address in Grafana's grammar:
/// <c>from=now-6h&amp;to=now&amp;refresh=5s&amp;tz=browser&amp;var-gpu=GPU-1</c>. What equals its default is left out of the address;
/// what cannot be read falls back to its default and is named in <see cref="Refused"/>.
/// </summary>
public sealed record PageState
{
    /// <summary>A page whose address says nothing.</summary>
    public static PageState Default { get; } = new();

    /// <summary>The range of its charts.</summary>
    public TimeRange Range { get; init; } = TimeRange.Default;

    /// <summary>How often live values come; <see cref="TimeSpan.Zero"/> is paused (<c>refresh=off</c>). Between 1 s and 1 h.</summary>
    public TimeSpan Refresh { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary><c>browser</c>, <c>utc</c>, or the name of a time zone such as <c>Europe/Berlin</c>.</summary>
    public string Zone { get; init; } = "browser";

    /// <summary>The page's own settings (<c>var-NAME=VALUE</c>, repeated for several values), ordered by name.</summary>
    public ImmutableSortedDictionary<string, ImmutableArray<string>> Variables { get; init; } = ImmutableSortedDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal);

    /// <summary>The parameters that could not be read, as <c>name=value</c>.</summary>
    public ImmutableArray<string> Refused { get; init; } = [];

    /// <summary>Whether live values are held back.</summary>
    public bool IsPaused => Refresh == TimeSpan.Zero;

    /// <summary>The first value of a page's own setting, or null.</summary>
    public string? this[string name] => Variables.TryGetValue(name, out var values) && values.Length > 0 ? values[0] : null;

    /// <summary>The same state with one of the page's own settings changed; null or no value removes it.</summary>
    public PageState With(string name, params string?[] values)
    {
        var kept = values.Where(value => !string.IsNullOrEmpty(value)).Select(value => value ?? "").ToImmutableArray();
        return this with { Variables = kept.Length == 0 ? Variables.Remove(name) : Variables.SetItem(name, kept) };
    }

    /// <summary>Reads the query of an address.</summary>
    public static PageState Parse(string? query)
    {
        var state = Default;
        var refused = ImmutableArray.CreateBuilder<string>();
        TimePoint? from = null, to = null;
        foreach (var (name, values) in QueryHelpers.ParseQuery(query))
        {
            var value = values.Count > 0 ? values[^1] ?? "" : "";
            switch (name)
            {
                case "from" when TimePoint.TryParse(value, out var point): from = point; break;
                case "to" when TimePoint.TryParse(value, out var point): to = point; break;
                case "refresh" when TryReadRefresh(value, out var refresh): state = state with { Refresh = refresh }; break;
                case "tz" when value is "browser" or "utc" || TimeZoneInfo.TryFindSystemTimeZoneById(value, out _): state = state with { Zone = value }; break;
                case "from" or "to" or "refresh" or "tz": refused.Add($"{name}={value}"); break;
                case var _ when name.StartsWith("var-", StringComparison.Ordinal) && name.Length > 4: state = state.With(name[4..], [.. values]); break;
            }
        }

        var range = new TimeRange(from ?? state.Range.From, to ?? state.Range.To);
        return state with { Range = range, Refused = refused.ToImmutable() };
    }

    /// <summary>The query that says all that differs from the default: empty, or starting with '?'.</summary>
    public string ToQuery()
    {
        var parts = new List<string>();
        if (Range != TimeRange.Default)
        {
            parts.Add("from=" + Uri.EscapeDataString(Range.From.ToString()));
            parts.Add("to=" + Uri.EscapeDataString(Range.To.ToString()));
        }

        if (Refresh != Default.Refresh)
        {
            parts.Add("refresh=" + WriteRefresh(Refresh));
        }

        if (Zone != Default.Zone)
        {
            parts.Add("tz=" + Uri.EscapeDataString(Zone));
        }

        parts.AddRange(Variables.SelectMany(variable => variable.Value.Select(value => $"var-{Uri.EscapeDataString(variable.Key)}={Uri.EscapeDataString(value)}")));
        return parts.Count == 0 ? "" : "?" + string.Join('&', parts);
    }

    /// <summary>The zone that calendar ranges follow. The browser's own is known from its cookie; UTC until then.</summary>
    public TimeZoneInfo ZoneInfo(string? browserZone) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(Zone switch { "utc" => "UTC", "browser" => browserZone ?? "UTC", var other => other }, out var zone) ? zone : TimeZoneInfo.Utc;

    private static bool TryReadRefresh(string text, out TimeSpan refresh)
    {
        refresh = TimeSpan.Zero;
        if (text is "off")
        {
            return true;
        }

        if (text.Length < 2 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount) || amount > 3_600)
        {
            return false;
        }

        refresh = TimeSpan.FromSeconds(text[^1] switch { 's' => amount, 'm' => amount * 60, 'h' => amount * 3_600, _ => 0 });
        return refresh >= TimeSpan.FromSeconds(1) && refresh <= TimeSpan.FromHours(1);
    }

    private static string WriteRefresh(TimeSpan refresh)
    {
        var seconds = (int)refresh.TotalSeconds;
        return seconds switch
        {
            0 => "off",
            _ when seconds % 3_600 == 0 => $"{seconds / 3_600}h",
            _ when seconds % 60 == 0 => $"{seconds / 60}m",
            _ => $"{seconds}s",
        };
    }
}
