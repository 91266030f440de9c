using EnergyTTT.Experiments.Cards;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Tests.Cards;

public class ForecastBandTests
{
    [Fact]
    public void Half_a_minute_later_the_band_lies_around_what_came_and_says_its_own_error()
    {
        double[] x = [.. Enumerable.Range(0, 400).Select(second => second + 0.5)];
        var watts = x.Select(second => (double?)(second % 120 < 60 ? 600 : 200)).ToArray();
        var celsius = new double?[x.Length];
        var now = 40.0;
        for (var i = 0; i < x.Length; i++)
        {
            now += (30 + 0.05 * watts[i]!.Value - now) / 15; // the die follows within a quarter of a minute
            celsius[i] = now;
        }

        var (band, errors) = ForecastBand.Of([Line(CardSeries.Temperature, celsius), Line(CardSeries.Power, watts)]);

        var drawn = Assert.Single(band);
        Assert.Equal(CardSeries.Temperature, drawn.Name);
        Assert.Equal(drawn.X.Count, drawn.Low!.Count);
        Assert.All(drawn.X, at => Assert.InRange(at, 30, 400));
        Assert.InRange(errors["forecast_mae_celsius"], 0.01, 20);
        Assert.InRange(errors["forecast_band_coverage"], 0.7, 1);
        Assert.True(errors["planned_mae_celsius"] < errors["persistence_mae_celsius"]);

        RunSeries Line(string name, double?[] y) => new() { Name = name, Label = "GPU", XUnit = "s", YUnit = "", Origin = Origin.Measured, X = x, Y = y };
    }

    [Fact]
    public void A_card_that_was_not_watched_has_no_band() => Assert.Empty(ForecastBand.Of([]).Band);
}
