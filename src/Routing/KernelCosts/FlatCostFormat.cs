using System.Globalization;
using System.Text.Json;

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>The flat format <c>op_type, batch_size, energy_joules, latency_ms, temp_impact</c>, read for compatibility: always unverified, every row through the unit check.</summary>
internal static class FlatCostFormat
{
    private const string Header = "op_type,batch_size,energy_joules,latency_ms,temp_impact";

    public static KernelCostImport ReadJson(JsonElement rows, string name)
    {
        List<string> malformed = [];
        List<KernelCostRecord> records = [];
        var index = 0;
        foreach (var row in rows.EnumerateArray())
        {
            if (row.TryGetProperty("op_type", out var op) && Number(row, "batch_size") is { } batch && Number(row, "energy_joules") is { } joules && Number(row, "latency_ms") is { } milliseconds)
            {
                records.Add(Record(op.GetString() ?? "", batch, joules, milliseconds));
            }
            else
            {
                malformed.Add($"{name}, row {index}: op_type, batch_size, energy_joules and latency_ms expected");
            }

            index++;
        }

        return Join(KernelCostFile.Check(records), malformed);
    }

    public static KernelCostImport ReadCsv(string text, string name)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0 || !lines[0].Replace(" ", "", StringComparison.Ordinal).StartsWith("op_type,batch_size,energy_joules,latency_ms", StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException($"{name}: neither JSON nor CSV with the header {Header}");
        }

        List<string> malformed = [];
        List<KernelCostRecord> records = [];
        for (var i = 1; i < lines.Length; i++)
        {
            var cells = lines[i].Split(',', StringSplitOptions.TrimEntries);
            if (cells.Length >= 4 && Number(cells[1]) is { } batch && Number(cells[2]) is { } joules && Number(cells[3]) is { } milliseconds)
            {
                records.Add(Record(cells[0], batch, joules, milliseconds));
            }
            else
            {
                malformed.Add($"{name}, line {i + 1}: '{lines[i]}' does not read as {Header}");
            }
        }

        return Join(KernelCostFile.Check(records), malformed);
    }

    private static KernelCostRecord Record(string operation, double batch, double joules, double milliseconds) =>
        new() { Operation = operation, Tokens = batch, EnergyJoules = joules, LatencyMilliseconds = milliseconds, Source = KernelCostSource.Unverified };

    private static KernelCostImport Join(KernelCostImport import, List<string> malformed) => import with { Rejections = [.. import.Rejections, .. malformed] };

    private static double? Number(JsonElement row, string property) => row.TryGetProperty(property, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static double? Number(string cell) => double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : null;
}
