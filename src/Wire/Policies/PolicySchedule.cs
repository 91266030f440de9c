using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Wire.Policies;

/// <summary>A window that opens again and again, such as a cheap tariff at night or an hour of clean power, and what a scope sets while it is open.</summary>
/// <param name="Name">What the window is, such as <c>cheap night</c>; 1 to 64 characters without '|'.</param>
/// <param name="Cron">When it opens: minute, hour, day of month, month, day of week.</param>
/// <param name="TimeZone">The zone that the cron expression is read in, such as <c>Europe/Amsterdam</c>; daylight-saving changes are followed.</param>
/// <param name="DurationMinutes">How long it stays open, 1 minute to 7 days.</param>
/// <param name="Set">The fields that count while it is open, over those of its own scope.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PolicySchedule(string Name, string Cron, string TimeZone, int DurationMinutes, PolicyDocument Set);

/// <summary>
/// The windows of a scope, in order: where two open ones set the same field the later one counts. Two lists are equal when they hold equal windows. Written as one line a
/// window: <c>name | cron | zone | minutes | field=value, field=value</c>.
/// </summary>
[JsonConverter(typeof(PolicySchedulesConverter))]
public sealed class PolicySchedules(params IEnumerable<PolicySchedule> windows) : IReadOnlyList<PolicySchedule>, IEquatable<PolicySchedules>
{
    private readonly PolicySchedule[] _windows = [.. windows];

    /// <inheritdoc/>
    public int Count => _windows.Length;

    /// <inheritdoc/>
    public PolicySchedule this[int index] => _windows[index];

    /// <summary>Reads the lines that <see cref="ToString"/> writes.</summary>
    /// <exception cref="FormatException">A line is none; the message names it.</exception>
    public static PolicySchedules Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new(text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => line != None).Select(ParseLine));
    }

    /// <inheritdoc/>
    public bool Equals(PolicySchedules? other) => other is not null && _windows.SequenceEqual(other._windows);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PolicySchedules);

    /// <inheritdoc/>
    public override int GetHashCode() => _windows.Aggregate(0, HashCode.Combine);

    /// <inheritdoc/>
    public IEnumerator<PolicySchedule> GetEnumerator() => _windows.AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>One line a window; <c>none</c> for no window.</summary>
    public override string ToString() => Count == 0 ? None : string.Join('\n', _windows.Select(window => string.Create(CultureInfo.InvariantCulture, $"{window.Name} | {window.Cron} | {window.TimeZone} | {window.DurationMinutes} | {Fields(window.Set)}")));

    /// <summary>The word for no window at all.</summary>
    public const string None = "none";

    private static string Fields(PolicyDocument set) =>
        string.Join(", ", PolicyCatalogue.Fields.Select(field => (field.Name, Value: field.Read(set))).Where(pair => pair.Value is not null).Select(pair => $"{pair.Name}={pair.Value}"));

    private static PolicySchedule ParseLine(string line)
    {
        var parts = line.Split('|', StringSplitOptions.TrimEntries);
        if (parts.Length != 5 || !int.TryParse(parts[3], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes))
        {
            throw new FormatException($"'{line}' is no window: name | cron | zone | minutes | field=value, field=value expected");
        }

        var pairs = parts[4].Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(pair => pair.Split('=', 2, StringSplitOptions.TrimEntries)).ToList();
        if (pairs.FirstOrDefault(pair => pair.Length != 2) is { } wrong)
        {
            throw new FormatException($"'{wrong[0]}' sets nothing: field=value expected");
        }

        var (set, mistakes) = PolicyText.Read(pairs.Select(pair => (pair[0], pair[1])));
        return mistakes.IsEmpty ? new(parts[0], parts[1], parts[2], minutes, set) : throw new FormatException(mistakes[0].Reason);
    }
}

/// <summary>Windows as a JSON array.</summary>
public sealed class PolicySchedulesConverter : JsonConverter<PolicySchedules>
{
    /// <inheritdoc/>
    public override PolicySchedules Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(JsonSerializer.Deserialize(ref reader, WireJson.Default.PolicyScheduleArray) ?? []);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, PolicySchedules value, JsonSerializerOptions options) =>
        JsonSerializer.Serialize(writer, value.ToArray(), WireJson.Default.PolicyScheduleArray);
}
