using EnergyTTT.Routing.Thermal;

namespace EnergyTTT.Routing.Tests.Thermal;

public sealed class OnePoleIdentifierTests
{
    // Invariant 23.
    [Theory]
    [InlineData(0.08, 20, 500, 0)]
    [InlineData(0.05, 10, 700, 0)]
    [InlineData(0.5, 40, 70, 0)]
    [InlineData(0.12, 60, 350, 0)]
    [InlineData(0.08, 20, 500, 0.05)]
    public void It_recovers_resistance_and_time_constant_of_a_simulated_card_within_5_percent(double resistance, double tau, double limit, double noise)
    {
        var identifier = new OnePoleIdentifier();
        foreach (var reading in Cards.Simulated(23, 3600, limit, 30, [resistance], [tau], noise, false))
        {
            identifier.Observe(reading.TimeSeconds, reading.PowerWatts, reading.TemperatureCelsius);
        }

        var card = identifier.Card!.Value;
        Assert.InRange(card.ResistanceCelsiusPerWatt, 0.95 * resistance, 1.05 * resistance);
        Assert.InRange(card.TimeConstantSeconds, 0.95 * tau, 1.05 * tau);
        Assert.InRange(card.CoolantCelsius, 29, 31);
    }

    [Fact]
    public void It_says_nothing_before_it_knows()
    {
        var identifier = new OnePoleIdentifier();
        for (var t = 0; t < 1000; t++)
        {
            Assert.Null(identifier.Card);
            identifier.Observe(7 * t, 300, 60);
        }
    }

    [Fact]
    public void A_day_of_idling_does_not_break_it()
    {
        var identifier = new OnePoleIdentifier();
        var readings = Cards.Simulated(4, 1800, 500, 30, [0.08], [20], 0.02, false);
        foreach (var reading in readings)
        {
            identifier.Observe(reading.TimeSeconds, reading.PowerWatts, reading.TemperatureCelsius);
        }

        for (var t = 0; t < 86_400; t++)
        {
            identifier.Observe(3000 + t, 70, 35.6);
        }

        foreach (var reading in readings)
        {
            identifier.Observe(100_000 + reading.TimeSeconds, reading.PowerWatts, reading.TemperatureCelsius);
        }

        Assert.InRange(identifier.Card!.Value.TimeConstantSeconds, 18, 22);
    }
}
