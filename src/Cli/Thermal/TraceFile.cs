using System.Globalization;
using System.IO.Compression;
using EnergyTTT.Routing.Thermal;

namespace EnergyTTT.Cli.Thermal;

/// <summary>The readings of one GPU of a recording, one a second, and the power limit that it ran under.</summary>
public sealed record TraceOfGpu(string Gpu, double? PowerLimitWatts, IReadOnlyList<ThermalReading> Readings);

/// <summary>
/// Reads a recording of telemetry from CSV, gzip-compressed or not. Columns are found by name: <c>unix_s</c>, <c>temp_c</c> and <c>energy_mj</c> or <c>power_avg_mw</c>; <c>gpu</c> and
/// <c>power_limit_mw</c> where they are there. Whatever its pace, it is summed up to one reading a second, as an agent would send it.
/// </summary>
public static class TraceFile
{
    /// <exception cref="FormatException">A column is missing, or a line cannot be read; the message names it.</exception>
    public static IReadOnlyList<TraceOfGpu> Read(string path)
    {
        using var file = File.OpenRead(path);
        var zipped = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
        file.Position = 0;
        using Stream stream = zipped ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(stream);
        return Read(reader, Path.GetFileName(path));
    }

    /// <inheritdoc cref="Read(string)"/>
    public static IReadOnlyList<TraceOfGpu> Read(TextReader reader, string name)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var header = (reader.ReadLine() ?? "").Split(',', StringSplitOptions.TrimEntries);
        int time = Column("unix_s"), celsius = Column("temp_c"), energy = Column("energy_mj"), power = Column("power_avg_mw"), gpu = Column("gpu"), limit = Column("power_limit_mw");
        if (time < 0 || celsius < 0 || energy < 0 && power < 0)
        {
            throw new FormatException($"{name}: columns unix_s, temp_c and energy_mj or power_avg_mw expected; its first line names {string.Join(", ", header)}");
        }

        Dictionary<string, SecondsOfGpu> gpus = [];
        var number = 1;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Length == 0)
            {
                continue;
            }

            var cells = line.Split(',');
            if (cells.Length != header.Length)
            {
                throw new FormatException($"{name}, line {number}: {cells.Length} cells, {header.Length} expected");
            }

            var id = gpu < 0 ? "0" : cells[gpu].Trim();
            if (!gpus.TryGetValue(id, out var seconds))
            {
                gpus[id] = seconds = new();
            }

            // A sensor that was silent leaves its cell empty.
            if (Number(cells, time, number) is not { } at || Number(cells, celsius, number) is not { } degrees)
            {
                continue;
            }

            seconds.Add(at, energy < 0 ? null : Number(cells, energy, number) / 1000, power < 0 ? null : Number(cells, power, number) / 1000, degrees, limit < 0 ? null : Number(cells, limit, number) / 1000);
        }

        var found = gpus.Where(g => g.Value.Readings.Count > 1).Select(g => new TraceOfGpu(g.Key, g.Value.PowerLimitWatts, g.Value.Readings)).ToList();
        return found.Count > 0 ? found : throw new FormatException($"{name}: no GPU with two seconds of readings in it");

        int Column(string column) => Array.FindIndex(header, h => h.Equals(column, StringComparison.OrdinalIgnoreCase));

        double? Number(string[] cells, int column, int lineNumber) =>
            cells[column].AsSpan().IsWhiteSpace() ? null
            : double.TryParse(cells[column], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value
            : throw new FormatException($"{name}, line {lineNumber}: '{cells[column]}' in column {header[column]} is no number");
    }
}
