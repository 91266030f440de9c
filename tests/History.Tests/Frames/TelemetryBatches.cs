using EnergyTTT.History.Frames;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Tests.Frames;

/// <summary>Batches whose numbers are easy to foretell.</summary>
internal static class TelemetryBatches
{
    /// <summary>Frames of a host, GPU by GPU. The second number s (from 0) has 100 + s joules and watts, 50 + s °C, ends at start + s.</summary>
    public static TelemetryBatch Make(string host, DateTimeOffset start, int gpus, int seconds, string? boot = null, long firstSequence = 0)
    {
        var ids = Enumerable.Range(0, gpus).Select(i => GpuId.Parse($"GPU-{host}-{i}")).ToList();
        return new TelemetryBatch
        {
            Source = "agent/" + host,
            Boot = boot ?? "boot-" + host,
            Site = "ams",
            Rack = "r1",
            Host = host,
            Gpus = [.. ids.Select(id => new GpuDescription { Gpu = id, Model = "H100", PowerLimitMaxWatts = 700, Passport = new SensorPassport("gpu", [new SensorEntry("energy_joules", true, "test", 0.1)]) })],
            Frames = [.. from id in ids from s in Enumerable.Range(0, seconds) select Frame(id, firstSequence + s, start.AddSeconds(s), s)],
        };
    }

    public static Frame Frame(GpuId gpu, long sequence, DateTimeOffset time, int s) => new()
    {
        Gpu = gpu,
        Sequence = sequence,
        Time = time,
        Seconds = 1,
        Origin = Origin.Measured,
        EnergyJoules = 100 + s,
        EnergyMethod = EnergyMethod.Counter,
        PowerAverageWatts = 100 + s,
        PowerMaxWatts = 110 + s,
        TemperatureCelsius = 50 + s,
        UtilizationRatio = 1,
        MemoryUsedBytes = 14_214_496_256,
        MemoryTotalBytes = 85_899_345_920,
        SmClockHertz = 1.98e9,
        PowerLimitWatts = 700,
        ThrottleSeconds = new ThrottleSeconds { SwPowerCap = 0, HwThermal = 0.25 },
        Tokens = 1000,
        Samples = 10,
    };
}

/// <summary>Compares receipts by their numbers.</summary>
internal sealed class ReceiptEquality : IEqualityComparer<WriteReceipt>
{
    public static readonly ReceiptEquality Instance = new();

    public bool Equals(WriteReceipt? x, WriteReceipt? y) =>
        x is not null && y is not null && x.Accepted == y.Accepted && x.DuplicateIndexes.SequenceEqual(y.DuplicateIndexes);

    public int GetHashCode(WriteReceipt receipt) => receipt.Accepted;
}
