using System.Globalization;
using System.IO.Compression;
using EnergyTTT.Telemetry.Frames;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Replays;

/// <summary>
/// The telemetry of one real H100 under a scripted load, as frames of one second: what an agent on that host would have sent. The energy of the frames adds up
/// to the card's counter over the recording. Sensors that were not recorded (thermal margin, memory size, fan) are null.
/// </summary>
public sealed class RecordedTrace
{
    private static readonly Lazy<RecordedTrace> Lazily = new(() => Parse(typeof(RecordedTrace).Assembly.GetManifestResourceStream("h100_trace.csv.gz")
        ?? throw new InvalidOperationException("The recorded trace is missing from this build.")));

    private RecordedTrace(IReadOnlyList<Frame> frames) => Frames = frames;

    /// <summary>The recording that this build carries; see <c>data/README.md</c>.</summary>
    public static RecordedTrace H100 => Lazily.Value;

    /// <summary>One frame per recorded second, in order; sequence 0 is the first.</summary>
    public IReadOnlyList<Frame> Frames { get; }

    /// <summary>What was recorded.</summary>
    public static GpuDescription Card(GpuId gpu) => new()
    {
        Gpu = gpu,
        Model = "NVIDIA H100 80GB HBM3",
        Driver = "580.159.04",
        PowerLimitMaxWatts = 700,
        State = "ok",
        Passport = new SensorPassport("gpu",
        [
            new("energy_joules", true, "nvmlDeviceGetTotalEnergyConsumption", TickSeconds: 0.1, AveragedSeconds: 0, Note: "recorded at 20 Hz"),
            new("power_average_watts", true, "field 185 scope 0", TickSeconds: 0.1, AveragedSeconds: 1, Note: "recorded at 20 Hz"),
            new("power_max_watts", true, "field 186 scope 0", TickSeconds: 0.1, AveragedSeconds: 0.025, Note: "recorded at 20 Hz"),
            new("temperature_celsius", true, "nvmlDeviceGetTemperature", Note: "recorded at 20 Hz"),
            new("memory_temperature_celsius", true, "field 82", Note: "recorded at 20 Hz"),
            new("thermal_margin_celsius", false, "nvmlDeviceGetMarginTemperature", Note: "not recorded"),
            new("throttle_seconds", true, "nvmlDeviceGetCurrentClocksEventReasons", Note: "bit mask at 20 Hz: bursts below 50 ms are missed"),
        ]),
    };

    /// <summary>Reads a recording in the columns of <c>data/README.md</c>, gzip-compressed.</summary>
    /// <exception cref="FormatException">A line does not have these columns.</exception>
    public static RecordedTrace Parse(Stream gzip)
    {
        using var reader = new StreamReader(new GZipStream(gzip, CompressionMode.Decompress));
        var header = reader.ReadLine();
        if (header is null || !header.StartsWith("unix_s,gpu,power_avg_mw,power_instant_mw,energy_mj,", StringComparison.Ordinal))
        {
            throw new FormatException($"'{header}' is no header of a recorded trace.");
        }

        var builder = new FrameBuilder(GpuId.Parse("GPU-recorded"), Origin.Replayed, new FrameOptions { PowerLimitMaxWatts = 700 });
        var frames = new List<Frame>();
        double? first = null;
        var number = 1;
        while (reader.ReadLine() is { } line)
        {
            number++;
            var columns = line.Split(',');
            if (columns.Length != 16)
            {
                throw new FormatException($"Line {number} of the trace has {columns.Length} columns; 16 expected.");
            }

            var unix = Number(0);
            first ??= unix;
            var at = TimeSpan.FromSeconds(unix - first.Value);
            builder.Add(new PowerSample(at, (ulong)Number(4), Number(2) / 1000, Number(3) / 1000, (ulong)Number(12)));
            builder.Add(new StateSample
            {
                TemperatureCelsius = Number(5),
                MemoryTemperatureCelsius = Number(6),
                UtilizationRatio = Number(7) / 100,
                MemoryActivityRatio = Number(8) / 100,
                MemoryUsedBytes = (long)Number(9) << 20,
                SmClockHertz = Number(10) * 1e6,
                MemoryClockHertz = Number(11) * 1e6,
                PowerLimitWatts = Number(13) / 1000,
                TokensTotal = (long)Number(14),
            });

            // Half a row's distance early, so that jitter of the recorder does not make frames of 0.95 and 1.05 s by turns.
            if (at.TotalSeconds >= builder.Sequence + 1 - 0.025 && builder.Cut(DateTimeOffset.UnixEpoch + TimeSpan.FromSeconds(unix)) is { } frame)
            {
                frames.Add(frame);
            }

            double Number(int column) => double.Parse(columns[column], CultureInfo.InvariantCulture);
        }

        return frames.Count > 0 ? new RecordedTrace(frames) : throw new FormatException("The trace is shorter than one second.");
    }
}
