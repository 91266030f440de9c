using System.Text.Json;

namespace EnergyTTT.Portal.Routers;

/// <summary>Reads the record of what an epoch rests on, as far as a person wants it in one line.</summary>
public static class EpochReason
{
    /// <summary>The reason of its stage and what the hold-out said then; the record itself where it is not understood.</summary>
    public static string Of(string evidence)
    {
        try
        {
            using var record = JsonDocument.Parse(evidence);
            string?[] parts = [Text(record.RootElement, "stage_reason"), Text(record.RootElement, "saving")];
            var told = parts.Where(part => !string.IsNullOrEmpty(part)).Distinct().ToList();
            return told.Count > 0 ? string.Join("; ", told) : "nothing noted";
        }
        catch (JsonException)
        {
            return evidence;
        }
    }

    private static string? Text(JsonElement record, string name) =>
        record.ValueKind == JsonValueKind.Object && record.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
