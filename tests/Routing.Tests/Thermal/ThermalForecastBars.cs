using EnergyTTT.Routing.Thermal;

namespace EnergyTTT.Routing.Tests.Thermal;

/// <summary>The bars of the forecast: on the recorded H100 and on cards that it has nothing in common with.</summary>
public sealed class ThermalForecastBars
{
    [Fact]
    public void On_the_recorded_H100_30_seconds_ahead_it_errs_by_at_most_1_6_degrees_at_every_sampling_phase()
    {
        for (var phase = 0.0; phase < 1; phase += 0.1)
        {
            var at30 = At30(ThermalEvaluation.Run(Cards.RecordedH100(phase, 1)));

            Assert.InRange(at30.MaePlanned, 0.5, 1.6);
            Assert.InRange(at30.MaePersistence, 9, 11);
            Assert.InRange(at30.BandCoverage, 0.85, 0.95);
        }
    }

    [Fact]
    public void Its_band_covers_90_percent_at_every_horizon_of_the_recording()
    {
        var scores = ThermalEvaluation.Run(Cards.RecordedH100(0, 1));

        Assert.Equal([5, 15, 30, 60], scores.Select(s => s.HorizonSeconds));
        Assert.All(scores, s => Assert.InRange(s.BandCoverage, 0.85, 0.95));
    }

    [Theory]
    [InlineData(0.1, 1.7)]
    [InlineData(2, 1.9)]
    public void Another_pace_of_the_same_recording_costs_little(double step, double bound) => Assert.InRange(At30(ThermalEvaluation.Run(Cards.RecordedH100(0, step))).MaePlanned, 0.5, bound);

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(120)]
    [InlineData(160)]
    public void Started_in_the_middle_of_a_load_it_still_errs_by_less_than_half_of_persistence(double from)
    {
        var at30 = At30(ThermalEvaluation.Run(Cards.RecordedH100(from, 1)));

        Assert.InRange(at30.MaePlanned, 0.5, 0.5 * at30.MaePersistence);
    }

    public static TheoryData<string, double, double, double[], double[], double, bool> OtherCards => new()
    {
        { "70 W, passive", 70, 32, [0.2, 0.3, 0.3], [0.5, 20, 90], 0.3, true },
        { "300 W, one pole", 300, 30, [0.13], [25], 0.2, true },
        { "400 W, in between", 400, 28, [0.05, 0.05, 0.03], [0.8, 12, 60], 0.2, true },
        { "450 W, noisy", 450, 35, [0.04, 0.04, 0.02], [1, 5, 150], 1, true },
        { "1,000 W, liquid", 1000, 25, [0.02, 0.015], [0.3, 8], 0.1, true },
        { "1,000 W, liquid, exact sensor", 1000, 25, [0.02, 0.015], [0.3, 8], 0, false },
    };

    [Theory]
    [MemberData(nameof(OtherCards))]
    public void On_cards_that_it_has_never_seen_it_errs_by_less_than_a_fifth_of_persistence(
        string card, double limit, double coolant, double[] resistance, double[] tau, double noise, bool wholeDegrees)
    {
        Assert.NotEmpty(card);
        var scores = ThermalEvaluation.Run(Cards.Simulated(1, 900, limit, coolant, resistance, tau, noise, wholeDegrees), new() { PowerLimitWatts = limit });

        var at30 = At30(scores);
        Assert.InRange(at30.MaePlanned, 0, 0.2 * at30.MaePersistence);
        Assert.All(scores, s => Assert.InRange(s.BandCoverage, 0.85, 0.96));
        Assert.All(scores, s => Assert.InRange(s.BandCoverageHold, 0.85, 0.96));
    }

    private static ThermalHorizonScore At30(IReadOnlyList<ThermalHorizonScore> scores) => scores.Single(s => s.HorizonSeconds == 30);
}
