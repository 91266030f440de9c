using System.Globalization;
using CsCheck;
using EnergyTTT.Portal.Displays;

namespace EnergyTTT.Portal.Tests.Displays;

public sealed class DisplayTests
{
    private static readonly Display English = new(CultureInfo.GetCultureInfo("en"));
    private static readonly Display German = new(CultureInfo.GetCultureInfo("de-DE"));

    [Theory]
    [InlineData(0.0, "0 W")]
    [InlineData(0.25, "0.25 W")]
    [InlineData(7.3, "7.30 W")]
    [InlineData(412.4, "412 W")]
    [InlineData(999.6, "1.00 kW")]
    [InlineData(25_312.0, "25.3 kW")]
    [InlineData(9_996.0, "10.0 kW")]
    [InlineData(7.2e6, "7.20 MW")]
    [InlineData(-1_234.0, "-1.23 kW")]
    public void Power_has_three_significant_digits_and_its_prefix(double watts, string expected) => Assert.Equal(expected, English.Power(watts).Spoken);

    [Fact]
    public void What_no_sensor_told_is_a_dash_and_never_zero()
    {
        Reading[] silent = [English.Power(null), English.Energy(null), English.WattHours(null), English.Celsius(null), English.Share(null), English.Clock(null), English.Bytes(null), English.Age(null), English.Duration(null), English.Plain(null, "W")];

        Assert.All(silent, reading => Assert.Equal(("–", "", false, "no data"), (reading.Text, reading.Unit, reading.IsKnown, reading.Spoken)));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void Numbers_that_are_none_count_as_no_data(double value)
    {
        Assert.False(English.Power(value).IsKnown);
        Assert.False(English.Celsius(value).IsKnown);
        Assert.False(English.Share(value).IsKnown);
        Assert.False(English.Duration(value).IsKnown);
        Assert.False(English.Bytes(value).IsKnown);
    }

    [Fact]
    public void Separators_are_those_of_the_culture()
    {
        Assert.Equal("25,3 kW", German.Power(25_312).Spoken);
        Assert.Equal("10.000", German.Count(10_000).Text);
        Assert.Equal("10,000", English.Count(10_000).Text);
    }

    [Fact]
    public void Energy_is_told_in_joules_and_in_watt_hours()
    {
        Assert.Equal("3.60 MJ", English.Energy(3.6e6).Spoken);
        Assert.Equal("1.00 kWh", English.WattHours(3.6e6).Spoken);
    }

    [Theory]
    [InlineData(66.0, "66 °C")]
    [InlineData(66.25, "66.2 °C")]
    [InlineData(-0.04, "0 °C")]
    public void Temperatures_have_one_decimal_at_most_and_no_minus_zero(double celsius, string expected) => Assert.Equal(expected, English.Celsius(celsius).Spoken);

    [Theory]
    [InlineData(-3, "0 s")]
    [InlineData(3, "3 s")]
    [InlineData(119, "119 s")]
    [InlineData(120, "2 min")]
    [InlineData(7_200, "2 h")]
    [InlineData(432_000, "5 d")]
    public void Ages_are_told_in_the_largest_unit_that_fits(int seconds, string expected) => Assert.Equal(expected, English.Age(TimeSpan.FromSeconds(seconds)).Spoken);

    [Theory]
    [InlineData(12.0, "12.0 s")]
    [InlineData(90.0, "1.50 min")]
    [InlineData(36_000.0, "10.0 h")]
    public void Durations_are_minutes_in_the_middle(double seconds, string expected) => Assert.Equal(expected, English.Duration(seconds).Spoken);

    [Fact]
    public void Memory_counts_in_powers_of_1024() => Assert.Equal("80.0 GiB", English.Bytes(85_899_345_920).Spoken);

    [Fact]
    public void A_written_power_reads_back_within_half_a_unit_of_its_third_digit() =>
        Gen.Double[1, 9e11].Sample(watts =>
        {
            var reading = English.Power(watts);
            var scale = reading.Unit switch { "GW" => 1e9, "MW" => 1e6, "kW" => 1e3, _ => 1.0 };
            return Math.Abs((double.Parse(reading.Text, NumberStyles.Number, CultureInfo.GetCultureInfo("en")) * scale) - watts) <= watts * 0.0051;
        });
}
