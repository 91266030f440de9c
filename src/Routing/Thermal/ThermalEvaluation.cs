namespace EnergyTTT.Routing.Thermal;

/// <summary>One reading of a recording: when, the mean power since the one before, and the temperature then.</summary>
public readonly record struct ThermalReading(double TimeSeconds, double PowerWatts, double TemperatureCelsius);

/// <summary>How forecasts did at one horizon of a recording. Errors are mean absolute errors in degrees Celsius; coverages are shares of readings inside the 90 % band.</summary>
/// <param name="HorizonSeconds">How far ahead.</param>
/// <param name="MaePersistence">Of "it stays as it is".</param>
/// <param name="MaeHold">Of the forecast with power as it was.</param>
/// <param name="MaePlanned">Of the forecast with the power that was then recorded.</param>
/// <param name="BandCoverage">Share inside the band of the planned forecast.</param>
/// <param name="BandCoverageHold">Share inside the band of the hold forecast.</param>
/// <param name="Scored">Forecasts that came due within the recording.</param>
public sealed record ThermalHorizonScore(
    double HorizonSeconds, double MaePersistence, double MaeHold, double MaePlanned, double BandCoverage, double BandCoverageHold, int Scored);

/// <summary>Plays a recording to a forecaster that starts knowing nothing of it and learns only from what has passed, and scores every forecast, the first one included.</summary>
public static class ThermalEvaluation
{
    /// <summary>Scores per horizon; a horizon that the recording is too short for is left out.</summary>
    /// <param name="readings">In order of time; about one a second.</param>
    /// <param name="options">The generic start.</param>
    public static IReadOnlyList<ThermalHorizonScore> Run(IReadOnlyList<ThermalReading> readings, ThermalForecasterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(readings);
        var forecaster = new ThermalForecaster(options);
        var sums = ThermalForecaster.HorizonsSeconds.ToArray().Select(_ => new Sums()).ToArray();
        for (var k = 0; k < readings.Count; k++)
        {
            var now = readings[k];
            if (!forecaster.Observe(now.TimeSeconds, now.PowerWatts, now.TemperatureCelsius))
            {
                continue;
            }

            for (var h = 0; h < sums.Length; h++)
            {
                if (Due(readings, k, ThermalForecaster.HorizonsSeconds[h]) is { } due)
                {
                    sums[h].Add(readings, k, due, forecaster);
                }
            }
        }

        return [.. sums.Select((s, h) => s.Score(ThermalForecaster.HorizonsSeconds[h])).Where(s => s.Scored > 0)];
    }

    // The reading nearest to k's time plus the horizon, or null where the recording has none within a second.
    private static int? Due(IReadOnlyList<ThermalReading> readings, int k, double horizon)
    {
        var time = readings[k].TimeSeconds + horizon;
        var j = k + 1;
        while (j < readings.Count && readings[j].TimeSeconds < time)
        {
            j++;
        }

        if (j == readings.Count || j - 1 > k && time - readings[j - 1].TimeSeconds < readings[j].TimeSeconds - time)
        {
            j--;
        }

        return j > k && Math.Abs(readings[j].TimeSeconds - time) <= 1 ? j : null;
    }

    private sealed class Sums
    {
        private double _persistence, _hold, _planned;
        private int _inside, _insideHold, _scored;

        public void Add(IReadOnlyList<ThermalReading> readings, int k, int due, ThermalForecaster forecaster)
        {
            // One mean power per second ahead, from readings that may come at any pace.
            var seconds = readings[due].TimeSeconds - readings[k].TimeSeconds;
            var steps = Math.Max(1, (int)Math.Round(seconds));
            var step = seconds / steps;
            var watts = new double[steps];
            for (var s = 0; s < steps; s++)
            {
                watts[s] = MeanPower(readings, k, readings[k].TimeSeconds + s * step, readings[k].TimeSeconds + (s + 1) * step);
            }

            var hold = forecaster.Hold(seconds)!.Value; // observed at least once
            var planned = forecaster.Planned(seconds, watts, step)!.Value;
            var truth = readings[due].TemperatureCelsius;
            _persistence += Math.Abs(truth - readings[k].TemperatureCelsius);
            _hold += Math.Abs(truth - hold.Celsius);
            _planned += Math.Abs(truth - planned.Celsius);
            _inside += truth >= planned.LowCelsius && truth <= planned.HighCelsius ? 1 : 0;
            _insideHold += truth >= hold.LowCelsius && truth <= hold.HighCelsius ? 1 : 0;
            _scored++;
        }

        public ThermalHorizonScore Score(double horizon) => new(
            horizon, _persistence / _scored, _hold / _scored, _planned / _scored, (double)_inside / _scored, (double)_insideHold / _scored, _scored);

        private static double MeanPower(IReadOnlyList<ThermalReading> readings, int from, double start, double end)
        {
            double joules = 0, seconds = 0;
            for (var j = from + 1; j < readings.Count && readings[j - 1].TimeSeconds < end; j++)
            {
                var overlap = Math.Min(end, readings[j].TimeSeconds) - Math.Max(start, readings[j - 1].TimeSeconds);
                if (overlap > 0)
                {
                    joules += overlap * readings[j].PowerWatts;
                    seconds += overlap;
                }
            }

            return seconds > 0 ? joules / seconds : readings[from].PowerWatts;
        }
    }
}
