using System.Globalization;
using System.Text.Json;

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>What was read from a cost file: usable rows, and the rows refused with their reasons.</summary>
/// <param name="Records">Rows that passed the unit check.</param>
/// <param name="Rejections">One line per refused row: its number, the value, the bound and the way out.</param>
public sealed record KernelCostImport(IReadOnlyList<KernelCostRecord> Records, IReadOnlyList<string> Rejections)
{
    /// <summary>A model of the rows.</summary>
    /// <exception cref="FormatException">No row is usable.</exception>
    public KernelCostModel ToModel(KernelCostOptions? options = null)
    {
        if (Records.Count == 0)
        {
            throw new FormatException("no usable row in the cost table: " + string.Join("; ", Rejections));
        }

        return new(Records, options) { CalibrationId = CalibrationDigest.Of(Records) };
    }
}

/// <summary>
/// Reads cost tables in three formats: our own (<c>{"schema":1,"records":[...]}</c> or a bare array of such records), a recording of whole blocks
/// (<c>{"device":..,"rows":[{"tokens":..,"active_experts":..,"layers":..,"step_us":..,"energy_mj_per_step":..}]}</c>), and the flat format
/// (objects with <c>op_type, batch_size, energy_joules, latency_ms, temp_impact</c>, or CSV with that header), which is always unverified.
/// </summary>
public static class KernelCostFile
{
    private static readonly JsonSerializerOptions Json = new() { AllowTrailingCommas = true, WriteIndented = true };

    /// <summary>Reads a stream; <paramref name="name"/> is what messages call it.</summary>
    /// <exception cref="FormatException">The text is in none of the three formats.</exception>
    public static KernelCostImport Read(Stream stream, string name)
    {
        using var reader = new StreamReader(stream);
        var text = reader.ReadToEnd();
        if (text.AsSpan().TrimStart() is not ['{' or '[', ..])
        {
            return FlatCostFormat.ReadCsv(text, name);
        }

        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { AllowTrailingCommas = true });
            var root = document.RootElement;
            var rows = root.ValueKind == JsonValueKind.Array ? root : root.TryGetProperty("records", out var records) ? records : root.TryGetProperty("rows", out records) ? records : default;
            if (rows.ValueKind != JsonValueKind.Array)
            {
                throw new FormatException($"{name}: no array 'records' or 'rows' in it; see the cost table formats");
            }

            var first = rows.EnumerateArray().FirstOrDefault();
            if (first.ValueKind == JsonValueKind.Object && first.TryGetProperty("op_type", out _))
            {
                return FlatCostFormat.ReadJson(rows, name);
            }

            return first.ValueKind == JsonValueKind.Object && first.TryGetProperty("energy_mj_per_step", out _)
                ? Check(rows.EnumerateArray().Select(r => RecordedBlock.ToRecord(root, r)))
                : Check(rows.EnumerateArray().Select(r => r.Deserialize<KernelCostRecord>(Json) ?? throw new FormatException($"{name}: a null row")));
        }
        catch (JsonException e)
        {
            throw new FormatException($"{name}: {e.Message}", e);
        }
    }

    /// <summary>Writes rows in our own format, indented.</summary>
    public static void Write(Stream stream, IReadOnlyList<KernelCostRecord> records) => JsonSerializer.Serialize(stream, new { schema = 1, records }, Json);

    internal static KernelCostImport Check(IEnumerable<KernelCostRecord> records)
    {
        List<KernelCostRecord> good = [];
        List<string> bad = [];
        var index = 0;
        foreach (var record in records)
        {
            var fault = record.Schema != 1 ? string.Create(CultureInfo.InvariantCulture, $"schema {record.Schema} is not 1: written by a newer version")
                : record.Tokens > 0 ? UnitCheck.Explain(record.EnergyJoules, record.LatencyMilliseconds, record.PowerLimitWatts)
                : string.Create(CultureInfo.InvariantCulture, $"{record.Tokens} tokens is not above 0");
            if (fault is null)
            {
                good.Add(record);
            }
            else
            {
                bad.Add(string.Create(CultureInfo.InvariantCulture, $"row {index} ({record.Operation}): {fault}"));
            }

            index++;
        }

        return new(good, bad);
    }
}
