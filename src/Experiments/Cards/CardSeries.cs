using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Cards;

/// <summary>Temperature and power of a card as lines of a run's charts.</summary>
internal static class CardSeries
{
    /// <summary>Degrees Celsius of the die.</summary>
    public const string Temperature = "temperature";

    /// <summary>Watts of the card.</summary>
    public const string Power = "power";

    /// <summary>Means of equal steps between two timestamps; x in seconds since the first.</summary>
    public static IEnumerable<RunSeries> Of(CardWatch watch, long from, long to, double step, string label, TimeProvider time)
    {
        var steps = watch.Readings(from, to).GroupBy(reading => (int)(time.GetElapsedTime(from, reading.Timestamp).TotalSeconds / step)).OrderBy(group => group.Key).ToList();
        if (steps.Count == 0)
        {
            yield break;
        }

        double[] x = [.. steps.Select(group => (group.Key + 0.5) * step)];
        RunSeries Line(string name, string unit, Func<CardReading, double?> value) => new()
        {
            Name = name, Label = label, XUnit = "s", YUnit = unit, Origin = Origin.Measured, X = x,
            Y = [.. steps.Select(group => group.Select(value).OfType<double>().ToList() is { Count: > 0 } known ? known.Average() : (double?)null)],
        };
        yield return Line(Temperature, "degrees Celsius", reading => reading.Celsius);
        yield return Line(Power, "W", reading => reading.AverageWatts);
    }
}
