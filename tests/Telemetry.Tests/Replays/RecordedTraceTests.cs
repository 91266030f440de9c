using EnergyTTT.Telemetry.Replays;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.Replays;

public sealed class RecordedTraceTests
{
    private static readonly IReadOnlyList<Frame> Frames = RecordedTrace.H100.Frames;

    [Fact]
    public void The_recording_is_326_frames_of_one_second()
    {
        Assert.Equal(326, Frames.Count);
        Assert.All(Frames, frame => Assert.InRange(frame.Seconds, 0.94, 1.06));
        Assert.All(Frames, frame => Assert.InRange(frame.Samples!.Value, 19, 21));
        Assert.All(Frames, frame => Assert.Equal(Origin.Replayed, frame.Origin));
        Assert.Equal(Enumerable.Range(0, 326).Select(i => (long)i), Frames.Select(frame => frame.Sequence));
    }

    [Fact]
    public void Its_joules_add_up_to_what_the_card_counted()
    {
        // The counter's difference from the first row to the one that ends second 326, read off the file with awk.
        Assert.Equal(139_744, Frames.Sum(frame => frame.EnergyJoules!.Value), 0);
        Assert.All(Frames, frame => Assert.Equal(EnergyMethod.Counter, frame.EnergyMethod));
    }

    [Fact]
    public void Its_tokens_add_up_to_what_the_load_decoded() =>
        Assert.Equal(2_423_168, Frames.Sum(frame => frame.Tokens!.Value));

    [Fact]
    public void A_second_of_the_matmul_is_held_at_the_power_cap()
    {
        var frame = Frames[50];

        Assert.Equal(698, frame.PowerAverageWatts!.Value, 3.0);
        Assert.Equal(73, frame.TemperatureCelsius!.Value, 2.0);
        Assert.True(frame.ThrottleSeconds!.SwPowerCap > 0.9);
        Assert.Equal(0.0, frame.ThrottleSeconds.HwThermal);
        Assert.Equal(0, frame.Tokens);
    }

    [Fact]
    public void What_was_not_recorded_is_null()
    {
        Assert.All(Frames, frame => Assert.Null(frame.ThermalMarginCelsius));
        Assert.All(Frames, frame => Assert.Null(frame.MemoryTotalBytes));
        Assert.All(Frames, frame => Assert.Null(frame.FanRatio));
    }
}
