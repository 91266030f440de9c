using CsCheck;
using EnergyTTT.Routing.Monitoring;

namespace EnergyTTT.Routing.Tests.Monitoring;

/// <summary>Invariant 25.</summary>
public sealed class EnergyWindowTests
{
    [Fact]
    public void Joules_are_the_difference_of_the_counter()
    {
        var window = new EnergyWindow();
        for (var t = 0; t <= 60; t++)
        {
            window.Add(t, 1_000_000 + 500 * t, 502);
        }

        var reading = window.Close();

        Assert.Equal(EnergyValidity.Valid, reading.Validity);
        Assert.Equal(30_000, reading.Joules!.Value, 1e-9);
        Assert.Equal(30_120, reading.IntegralJoules!.Value, 1e-9);
        Assert.Equal(0.004, reading.Disagreement!.Value, 1e-9);
        Assert.Equal(60, reading.Seconds);
    }

    [Fact]
    public void A_counter_that_was_reset_makes_the_window_invalid_and_never_negative()
    {
        var window = new EnergyWindow();
        window.Add(0, 5000, 100);
        window.Add(1, 10, 100);
        window.Add(2, 9000, 100);

        var reading = window.Close();

        Assert.Equal(EnergyValidity.CounterReset, reading.Validity);
        Assert.Null(reading.Joules);
        Assert.Equal(200, reading.IntegralJoules!.Value, 1e-9);
    }

    [Fact]
    public void Whatever_the_readings_are_joules_are_never_negative() =>
        Gen.Select(Gen.Double[-10, 100], Gen.Double[-1e6, 1e6], Gen.Double[-100, 2000]).Array[0, 20].Sample(readings =>
        {
            var window = new EnergyWindow();
            foreach (var (time, joules, watts) in readings)
            {
                window.Add(time, joules, watts);
            }

            var reading = window.Close();
            Assert.True(reading.Joules is null or >= 0);
            Assert.True(reading.IntegralJoules is null or >= 0);
            Assert.True(reading.Validity is not (EnergyValidity.CounterReset or EnergyValidity.InvalidReading or EnergyValidity.TooFewReadings) || reading.Joules is null);
        });

    [Theory]
    [InlineData(1.04, EnergyValidity.Valid)]
    [InlineData(1.06, EnergyValidity.SensorDisagreement)]
    [InlineData(0.93, EnergyValidity.SensorDisagreement)]
    public void Counter_and_integral_may_differ_by_5_percent(double ratio, EnergyValidity validity)
    {
        var window = new EnergyWindow();
        for (var t = 0; t <= 60; t++)
        {
            window.Add(t, 500 * t, 500 * ratio);
        }

        Assert.Equal(validity, window.Close().Validity);
    }

    [Fact]
    public void Without_a_counter_there_are_no_joules_but_an_integral()
    {
        var window = new EnergyWindow();
        window.Add(0, null, 100);
        window.Add(10, null, 200);

        Assert.Equal(new EnergyReading(null, 1500, 10, EnergyValidity.TooFewReadings), window.Close());
    }

    [Fact]
    public void Time_that_goes_back_or_a_reading_that_is_no_number_makes_the_window_invalid()
    {
        var back = new EnergyWindow();
        back.Add(5, 10, null);
        back.Add(4, 20, null);
        var hole = new EnergyWindow();
        hole.Add(5, double.NaN, null);

        Assert.Equal(EnergyValidity.InvalidReading, back.Close().Validity);
        Assert.Equal(EnergyValidity.InvalidReading, hole.Close().Validity);
        Assert.Equal(EnergyValidity.TooFewReadings, new EnergyWindow().Close().Validity);
    }
}
