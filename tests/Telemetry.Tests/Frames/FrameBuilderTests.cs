using CsCheck;
using EnergyTTT.Telemetry.Frames;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.Frames;

public sealed class FrameBuilderTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly GpuId Gpu = GpuId.Parse("GPU-1");

    [Fact]
    public void A_second_of_samples_becomes_one_frame()
    {
        var builder = Builder();
        for (var i = 0; i <= 10; i++)
        {
            builder.Add(new PowerSample(TimeSpan.FromSeconds(i / 10.0), (ulong)(60_000 * i), 600, i == 4 ? 650 : 590));
        }

        builder.Add(new StateSample { TemperatureCelsius = 66, Throttle = new(0, null, null, null) });
        var frame = builder.Cut(Noon)!;

        Assert.Equal(0, frame.Sequence);
        Assert.Equal(1.0, frame.Seconds);
        Assert.Equal(600.0, frame.EnergyJoules);
        Assert.Equal(EnergyMethod.Counter, frame.EnergyMethod);
        Assert.Equal(600.0, frame.PowerAverageWatts);
        Assert.Equal(650.0, frame.PowerMaxWatts);
        Assert.Equal(10, frame.Samples);
        Assert.Equal(66.0, frame.TemperatureCelsius);
        Assert.Null(frame.MemoryTemperatureCelsius);
        Assert.Null(frame.Tokens);
    }

    [Fact]
    public void A_silent_sensor_is_null_and_an_old_reading_does_not_stand_for_a_new_frame()
    {
        var builder = Builder();
        builder.Add(new PowerSample(TimeSpan.Zero, null, 100));
        builder.Add(new PowerSample(TimeSpan.FromSeconds(1), null, 100));
        builder.Add(new StateSample { TemperatureCelsius = 50 });
        Assert.Equal(50.0, builder.Cut(Noon)!.TemperatureCelsius);

        builder.Add(new PowerSample(TimeSpan.FromSeconds(2)));
        var silent = builder.Cut(Noon)!;

        Assert.Null(silent.TemperatureCelsius);
        Assert.Null(silent.PowerAverageWatts);
        Assert.Null(silent.PowerMaxWatts);
        Assert.Null(silent.EnergyJoules);
        Assert.Equal(0, silent.Samples);
    }

    [Fact]
    public void A_frame_waits_for_a_counter_that_has_not_ticked_and_then_covers_the_whole_time()
    {
        var builder = Builder();
        builder.Add(new PowerSample(TimeSpan.Zero, 1_000));
        builder.Add(new PowerSample(TimeSpan.FromSeconds(1), 1_000));
        Assert.Null(builder.Cut(Noon));

        builder.Add(new PowerSample(TimeSpan.FromSeconds(2), 141_000));
        var frame = builder.Cut(Noon)!;

        Assert.Equal(2.0, frame.Seconds);
        Assert.Equal(140.0, frame.EnergyJoules);
        Assert.Equal(70.0, frame.PowerAverageWatts);
    }

    [Fact]
    public void A_counter_that_stands_still_is_replaced_by_the_integral_after_ten_seconds()
    {
        var builder = Builder();
        Frame? frame = null;
        var cuts = 0;
        for (var second = 0; second <= 11; second++)
        {
            builder.Add(new PowerSample(TimeSpan.FromSeconds(second), 1_000, 80));
            if (builder.Cut(Noon) is { } cut)
            {
                frame ??= cut;
                cuts++;
            }
        }

        Assert.Equal(10.0, frame!.Seconds);
        Assert.Equal(800.0, frame.EnergyJoules);
        Assert.Equal(EnergyMethod.Integral, frame.EnergyMethod);
        Assert.Equal(2, cuts);
    }

    [Fact]
    public void Throttled_time_is_the_difference_of_the_cards_counters_and_null_where_it_has_none()
    {
        var builder = Builder();
        builder.Add(new PowerSample(TimeSpan.Zero, null, 100));
        builder.Add(new StateSample { Throttle = new(5_000_000_000, 7, null, null) });
        builder.Add(new PowerSample(TimeSpan.FromSeconds(1), null, 100));
        builder.Add(new StateSample { Throttle = new(5_250_000_000, 7, null, null) });

        var throttled = builder.Cut(Noon)!.ThrottleSeconds!;

        Assert.Equal(0.25, throttled.SwPowerCap);
        Assert.Equal(0.0, throttled.SwThermal);
        Assert.Null(throttled.HwThermal);
        Assert.Null(throttled.PowerBrake);
    }

    [Fact]
    public void Whatever_the_ticks_the_joules_of_the_frames_add_up_to_the_counter()
    {
        Gen.Select(Gen.Int[0, 90_000].Array[20, 300], Gen.Int[1, 15]).Sample((increments, cutEvery) =>
        {
            var builder = Builder();
            ulong counter = 123;
            builder.Add(new PowerSample(TimeSpan.Zero, counter));
            double joules = 0, seconds = 0;
            for (var i = 1; i <= increments.Length; i++)
            {
                counter += (ulong)increments[i - 1];
                builder.Add(new PowerSample(TimeSpan.FromSeconds(i / 10.0), counter));
                if (i % cutEvery == 0 || i == increments.Length)
                {
                    var frame = builder.Cut(Noon);
                    joules += frame?.EnergyJoules ?? 0;
                    seconds += frame?.Seconds ?? 0;
                }
            }

            // A last increment of zero leaves a frame open: it holds no joules.
            Assert.Equal((counter - 123) / 1000.0, joules, 6);
            Assert.True(seconds <= increments.Length / 10.0 + 1e-9);
        });
    }

    private static FrameBuilder Builder() => new(Gpu, Origin.Measured, new FrameOptions { PowerLimitMaxWatts = 700 });
}
