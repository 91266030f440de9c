using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Frames;

/// <summary>
/// Seconds throttled per frame and reason. The card's own nanosecond counters come first; where it has none, the clocks-event bit mask of the fast
/// samples is weighted with the time between them, which misses bursts shorter than the sampling interval.
/// </summary>
public sealed class ThrottleLedger
{
    // Clocks-event reasons of NVML: software power cap, software thermal slowdown, hardware thermal slowdown, power brake.
    private static readonly ulong[] Bits = [0x4, 0x20, 0x40, 0x80];

    private readonly ulong?[] _counters = new ulong?[4];
    private readonly double?[] _counted = new double?[4];
    private readonly double[] _masked = new double[4];
    private (TimeSpan At, ulong Reasons)? _mask;
    private bool _hasMask;

    /// <summary>Takes the card's counters; a counter that went backwards was reset, and its delta is not known.</summary>
    public void Add(in ThrottleCounters counters)
    {
        Count(0, counters.SwPowerCap);
        Count(1, counters.SwThermal);
        Count(2, counters.HwThermal);
        Count(3, counters.PowerBrake);
    }

    /// <summary>Takes a bit mask that held since the one before.</summary>
    public void Add(TimeSpan at, ulong reasons)
    {
        if (_mask is { } last)
        {
            _hasMask = true;
            for (var i = 0; i < Bits.Length; i++)
            {
                _masked[i] += (reasons & Bits[i]) != 0 ? (at - last.At).TotalSeconds : 0;
            }
        }

        _mask = (at, reasons);
    }

    /// <summary>The seconds since the last call; null when nothing of it is known.</summary>
    public ThrottleSeconds? Take()
    {
        var taken = new ThrottleSeconds { SwPowerCap = Of(0), SwThermal = Of(1), HwThermal = Of(2), PowerBrake = Of(3) };
        Array.Clear(_counted);
        Array.Clear(_masked);
        _hasMask = false;
        return taken is { SwPowerCap: null, SwThermal: null, HwThermal: null, PowerBrake: null } ? null : taken;
    }

    private double? Of(int reason) => _counted[reason] ?? (_hasMask && _counters[reason] is null ? _masked[reason] : null);

    private void Count(int reason, ulong? counter)
    {
        if (counter is { } now && _counters[reason] is { } last && now >= last)
        {
            _counted[reason] = (_counted[reason] ?? 0) + (now - last) / 1e9;
        }

        _counters[reason] = counter;
    }
}
