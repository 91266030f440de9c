using System.Collections.Immutable;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Grains.Gpus;

/// <summary>The samples of the last <paramref name="span"/>, ordered by time, each frame once.</summary>
/// <param name="span">How far the window reaches back from its newest sample.</param>
internal sealed class SampleWindow(TimeSpan span)
{
    private readonly List<Entry> _entries = [];

    /// <summary>What became of a frame that was offered to the window.</summary>
    internal enum Outcome
    {
        /// <summary>It is in the window now.</summary>
        Taken,

        /// <summary>It had been there before.</summary>
        Duplicate,

        /// <summary>It is older than the window.</summary>
        Stale,
    }

    /// <summary>The newest sample by its own time, or null when the window is empty.</summary>
    public GpuSample? Newest => _entries.Count == 0 ? null : _entries[^1].Sample;

    /// <summary>The samples, oldest first.</summary>
    public ImmutableArray<GpuSample> Samples => [.. _entries.Select(entry => entry.Sample)];

    /// <summary>Offers a frame of the given run of the sender.</summary>
    public Outcome Offer(Frame frame, string boot)
    {
        if (Newest is { } newest && frame.Time <= newest.Time - span)
        {
            return Outcome.Stale;
        }

        // Frames come nearly in order, so the place is found from the end.
        var place = _entries.Count;
        while (place > 0 && _entries[place - 1].Sample.Time > frame.Time)
        {
            place--;
        }

        var bootHash = string.GetHashCode(boot, StringComparison.Ordinal);
        if (place != _entries.Count || (place > 0 && _entries[place - 1].Sample.Time == frame.Time))
        {
            foreach (var entry in _entries)
            {
                if (entry.Sequence == frame.Sequence && entry.BootHash == bootHash)
                {
                    return Outcome.Duplicate;
                }
            }
        }

        _entries.Insert(place, new Entry(ToSample(frame), frame.Sequence, bootHash));
        Trim();
        return Outcome.Taken;
    }

    private void Trim()
    {
        var oldest = _entries[^1].Sample.Time - span;
        var gone = 0;
        while (_entries[gone].Sample.Time <= oldest)
        {
            gone++;
        }

        if (gone > 0)
        {
            _entries.RemoveRange(0, gone);
        }
    }

    private static GpuSample ToSample(Frame frame) => new(
        frame.Time,
        (float)frame.Seconds,
        Reading(frame.PowerAverageWatts),
        Reading(frame.TemperatureCelsius),
        Reading(frame.MemoryTemperatureCelsius),
        Reading(frame.UtilizationRatio));

    private static float Reading(double? value) => value is { } reading ? (float)reading : float.NaN;

    private readonly record struct Entry(GpuSample Sample, long Sequence, int BootHash);
}
