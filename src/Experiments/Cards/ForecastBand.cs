using EnergyTTT.Routing.Thermal;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Experiments.Cards;

/// <summary>
/// What the product's thermal forecaster would have said while a run lasted, learning from what had passed alone and knowing no plan: for each second the temperature that it expected half a minute earlier, with
/// its 90 % band, and how far it was off.
/// </summary>
internal static class ForecastBand
{
    /// <summary>How far ahead.</summary>
    public const double HorizonSeconds = 30;

    /// <summary>The band as a line of the temperature chart, and the forecaster's own errors; nothing for a recording that is too short.</summary>
    /// <param name="card">Temperature and power of <see cref="CardSeries"/> over the whole run, equal steps of a second.</param>
    public static (IReadOnlyList<RunSeries> Band, IReadOnlyDictionary<string, double> Errors) Of(IReadOnlyList<RunSeries> card)
    {
        var errors = new Dictionary<string, double>(StringComparer.Ordinal);
        if (card.FirstOrDefault(series => series.Name == CardSeries.Temperature) is not { } temperature || card.FirstOrDefault(series => series.Name == CardSeries.Power) is not { } power)
        {
            return ([], errors);
        }

        var forecaster = new ThermalForecaster();
        var known = temperature.X.Zip(temperature.Y).Where(point => point.Second is not null).ToDictionary(point => Math.Round(point.First, 1), point => point.Second!.Value); // filtered
        List<ThermalReading> readings = [];
        List<(double At, ThermalForecast Forecast)> said = [];
        for (var i = 0; i < temperature.X.Count; i++)
        {
            if (temperature.Y[i] is { } celsius && power.Y[i] is { } watts && forecaster.Observe(temperature.X[i], watts, celsius) && forecaster.Expect(HorizonSeconds) is { } forecast)
            {
                readings.Add(new(temperature.X[i], watts, celsius));
                said.Add((temperature.X[i] + HorizonSeconds, forecast));
            }
        }

        if (ThermalEvaluation.Run(readings).FirstOrDefault(score => score.HorizonSeconds == HorizonSeconds) is not { } score)
        {
            return ([], errors);
        }

        errors["forecast_mae_celsius"] = score.MaeExpected;
        errors["persistence_mae_celsius"] = score.MaePersistence;
        errors["planned_mae_celsius"] = score.MaePlanned;
        errors["forecast_band_coverage"] = score.BandCoverageExpected;
        said.RemoveAll(one => !known.ContainsKey(Math.Round(one.At, 1))); // What lies beyond the run nobody can check.
        return ([temperature with
        {
            Label = FormattableString.Invariant($"expected {HorizonSeconds:0} s before, 90 % band, mean error {score.MaeExpected:0.0}"), X = [.. said.Select(one => one.At)], Y = [.. said.Select(one => (double?)one.Forecast.Celsius)],
            Low = [.. said.Select(one => (double?)one.Forecast.LowCelsius)], High = [.. said.Select(one => (double?)one.Forecast.HighCelsius)],
        }], errors);
    }
}
