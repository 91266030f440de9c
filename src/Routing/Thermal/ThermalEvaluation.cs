namespace EnergyTTT.Routing.Thermal;

/// <summary>One reading of a recording: when, the mean power since the one before, and the temperature then.</summary>
public readonly record struct ThermalReading(double TimeSeconds, double PowerWatts, double TemperatureCelsius);

/// <summary>How forecasts did at one horizon of a recording. Errors are mean absolute errors in degrees Celsius; coverages are shares of readings inside the 90 % band.</summary>
/// <param name="HorizonSeconds">How far ahead.</param>
/// <param name="MaePersistence">Of "it stays as it is".</param>
/// <param name="MaeHold">Of the forecast with power as it was.</param>
/// <param name="MaeExpected">Of what is expected without a plan.</param>
/// <param name="MaePlanned">Of the forecast with the power that was then recorded.</param>
/// <param name="BandCoverage">Share inside the band of the planned forecast.</param>
/// <param name="BandCoverageHold">Share inside the band of the hold forecast.</param>
/// <param name="BandCoverageExpected">Share inside the band of what is expected.</param>
/// <param name="Scored">Forecasts that came due within the recording.</param>
public sealed record ThermalHorizonScore(
    double HorizonSeconds, double MaePersistence, double MaeHold, double MaeExpected, double MaePlanned, double BandCoverage, double BandCoverageHold, double BandCoverageExpected, int Scored);

/// <summary>Plays a recording to a forecaster that starts knowing nothing of it and learns only from what has passed, and scores every forecast, the first one included.</summary>
public static class ThermalEvaluation
{
    // The answer to a forecast is the reading nearest to its time, if one is this near, in seconds.
    private const double Tolerance = 1;

    /// <summary>Scores per horizon; a horizon that the recording is too short for is left out. A forecast is made at every reading.</summary>
    /// <param name="readings">In order of time, at any pace up to about one a second.</param>
    /// <param name="options">The generic start.</param>
    public static IReadOnlyList<ThermalHorizonScore> Run(IReadOnlyList<ThermalReading> readings, ThermalForecasterOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(readings);
        var forecaster = new ThermalForecaster(options);
        var power = new RecordedPower(readings);
        var horizons = ThermalForecaster.HorizonsSeconds.ToArray();
        var sums = horizons.Select(_ => new Sums()).ToArray();
        var due = new int[horizons.Length];
        var plan = new double[1 + (int)(horizons.Max() / power.StepSeconds + 1)];
        for (var k = 0; k < readings.Count; k++)
        {
            var now = readings[k];
            if (!forecaster.Observe(now.TimeSeconds, now.PowerWatts, now.TemperatureCelsius))
            {
                continue;
            }

            for (var h = 0; h < horizons.Length; h++)
            {
                due[h] = Nearest(readings, due[h], now.TimeSeconds + horizons[h]);
                var answer = readings[due[h]];
                if (due[h] <= k || Math.Abs(answer.TimeSeconds - now.TimeSeconds - horizons[h]) > Tolerance)
                {
                    continue;
                }

                var seconds = answer.TimeSeconds - now.TimeSeconds;
                var steps = Math.Max(1, (int)Math.Round(seconds / power.StepSeconds));
                for (var s = 0; s < steps; s++)
                {
                    plan[s] = power.Mean(now.TimeSeconds + seconds * s / steps, now.TimeSeconds + seconds * (s + 1) / steps);
                }

                sums[h].Add(
                    answer.TemperatureCelsius, now.TemperatureCelsius, forecaster.Hold(seconds)!.Value, forecaster.Expect(seconds)!.Value, forecaster.Planned(seconds, plan.AsSpan(0, steps), seconds / steps)!.Value); // it has observed
            }
        }

        return [.. sums.Select((s, h) => s.Score(horizons[h])).Where(s => s.Scored > 0)];
    }

    private static int Nearest(IReadOnlyList<ThermalReading> readings, int from, double time)
    {
        while (from + 1 < readings.Count && Math.Abs(readings[from + 1].TimeSeconds - time) <= Math.Abs(readings[from].TimeSeconds - time))
        {
            from++;
        }

        return from;
    }

    private sealed class Sums
    {
        private double _persistence, _hold, _expected, _planned;
        private int _inside, _insideHold, _insideExpected, _scored;

        public void Add(double truth, double before, ThermalForecast hold, ThermalForecast expected, ThermalForecast planned)
        {
            _persistence += Math.Abs(truth - before);
            _hold += Math.Abs(truth - hold.Celsius);
            _expected += Math.Abs(truth - expected.Celsius);
            _insideExpected += truth >= expected.LowCelsius && truth <= expected.HighCelsius ? 1 : 0;
            _planned += Math.Abs(truth - planned.Celsius);
            _inside += truth >= planned.LowCelsius && truth <= planned.HighCelsius ? 1 : 0;
            _insideHold += truth >= hold.LowCelsius && truth <= hold.HighCelsius ? 1 : 0;
            _scored++;
        }

        public ThermalHorizonScore Score(double horizon) => new(
            horizon, _persistence / _scored, _hold / _scored, _expected / _scored, _planned / _scored, (double)_inside / _scored, (double)_insideHold / _scored, (double)_insideExpected / _scored, _scored);
    }
}
