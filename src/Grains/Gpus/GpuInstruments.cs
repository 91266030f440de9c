using System.Diagnostics.Metrics;

namespace EnergyTTT.Grains.Gpus;

/// <summary>What the GPU grains of one silo leave out of their windows.</summary>
public sealed class GpuInstruments
{
    /// <summary>The name under which OpenTelemetry finds the instruments.</summary>
    public const string MeterName = "EnergyTTT.Grains";

    private readonly Counter<long> _duplicate;
    private readonly Counter<long> _stale;
    private long _duplicates;
    private long _stales;

    /// <summary>Registers the instruments.</summary>
    public GpuInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _duplicate = meter.CreateCounter<long>("energyttt.gpu.frames.duplicate", "{frame}", "Frames that a GPU's grain had seen before.");
        _stale = meter.CreateCounter<long>("energyttt.gpu.frames.stale", "{frame}", "Frames that came too late for their GPU's window.");
    }

    /// <summary>Frames seen before, since the start.</summary>
    public long Duplicates => Volatile.Read(ref _duplicates);

    /// <summary>Frames too late for the window, since the start.</summary>
    public long Stales => Volatile.Read(ref _stales);

    /// <summary>Counts a frame seen before.</summary>
    public void Duplicate()
    {
        Interlocked.Increment(ref _duplicates);
        _duplicate.Add(1);
    }

    /// <summary>Counts a frame too late for the window.</summary>
    public void Stale()
    {
        Interlocked.Increment(ref _stales);
        _stale.Add(1);
    }
}
