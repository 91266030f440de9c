using EnergyTTT.Telemetry.Frames;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.Frames;

public sealed class EnergyMeterTests
{
    [Fact]
    public void The_counter_comes_first_even_where_power_could_be_integrated()
    {
        var meter = new EnergyMeter();

        meter.Add(Sample(0, 1_000, 100));
        meter.Add(Sample(1, 61_000, 100));

        Assert.Equal((60.0, EnergyMethod.Counter), meter.Take());
    }

    [Fact]
    public void Without_a_counter_averaged_power_is_integrated_and_labelled()
    {
        var meter = new EnergyMeter();

        meter.Add(Sample(0, null, 100));
        meter.Add(Sample(1, null, 200));
        meter.Add(Sample(3, null, 200));

        Assert.Equal((550.0, EnergyMethod.Integral), meter.Take());
    }

    [Fact]
    public void Power_is_not_integrated_over_a_time_in_which_nobody_looked()
    {
        var meter = new EnergyMeter();

        meter.Add(Sample(0, null, 100));
        meter.Add(Sample(60, null, 100));
        Assert.Equal((null, null), meter.Take());

        meter.Add(Sample(61, null, 100));
        Assert.Equal((100.0, EnergyMethod.Integral), meter.Take());
    }

    [Fact]
    public void Instant_power_is_never_integrated()
    {
        var meter = new EnergyMeter();

        meter.Add(new PowerSample(TimeSpan.Zero, InstantWatts: 300));
        meter.Add(new PowerSample(TimeSpan.FromSeconds(1), InstantWatts: 300));

        Assert.Equal((null, null), meter.Take());
    }

    [Fact]
    public void A_counter_that_has_not_ticked_gives_nothing_and_its_joules_come_with_the_tick()
    {
        var meter = new EnergyMeter();
        meter.Add(Sample(0, 1_000, 100));
        meter.Add(Sample(1, 1_000, 100));

        Assert.True(meter.Waiting);
        Assert.Equal((null, null), meter.Take());

        meter.Add(Sample(2, 201_000, 100));

        Assert.Equal((200.0, EnergyMethod.Counter), meter.Take());
    }

    [Fact]
    public void A_counter_that_goes_backwards_is_a_reset_and_its_delta_is_dropped()
    {
        var meter = new EnergyMeter();
        meter.Add(Sample(0, 900_000, null));
        meter.Add(Sample(1, 5_000, null));

        Assert.Equal((null, null), meter.Take());
        Assert.Equal(1, meter.Resets);

        meter.Add(Sample(2, 65_000, null));

        Assert.Equal((60.0, EnergyMethod.Counter), meter.Take());
    }

    [Fact]
    public void In_the_frame_of_a_reset_the_integral_stands_in()
    {
        var meter = new EnergyMeter();
        meter.Add(Sample(0, 900_000, 70));
        meter.Add(Sample(1, 5_000, 70));

        Assert.Equal((70.0, EnergyMethod.Integral), meter.Take());
    }

    [Fact]
    public void A_jump_beyond_what_the_card_can_draw_is_no_energy()
    {
        var meter = new EnergyMeter(greatestWatts: 1050);
        meter.Add(Sample(0, 1_000, null));
        meter.Add(Sample(1, 4_000_000_000_000, null));

        Assert.Equal((null, null), meter.Take());
        Assert.Equal(1, meter.Resets);
    }

    [Fact]
    public void A_counter_given_up_is_not_counted_twice_when_it_moves_again()
    {
        var meter = new EnergyMeter();
        meter.Add(Sample(0, 1_000, 100));
        meter.Add(Sample(2, 1_000, 100));
        Assert.Equal((200.0, EnergyMethod.Integral), meter.Take(giveUp: true));

        meter.Add(Sample(3, 301_000, 100));
        Assert.Equal((100.0, EnergyMethod.Integral), meter.Take());

        meter.Add(Sample(4, 401_000, 100));
        Assert.Equal((100.0, EnergyMethod.Counter), meter.Take());
    }

    private static PowerSample Sample(double seconds, ulong? millijoules, double? watts) =>
        new(TimeSpan.FromSeconds(seconds), millijoules, watts);
}
