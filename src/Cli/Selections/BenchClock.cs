using System.Diagnostics;

namespace EnergyTTT.Cli.Selections;

/// <summary>Times an action in rounds, so that a neighbour's burst spoils a round and not the result.</summary>
internal static class BenchClock
{
    private const double WarmSeconds = 0.6;
    private const double RoundSeconds = 0.001;

    /// <summary>
    /// Median and best seconds of one call of <paramref name="action"/>, over rounds of about a millisecond: short enough that on a busy machine some
    /// rounds run undisturbed. Warms up first, long enough for the just-in-time compiler to finish.
    /// </summary>
    public static (double Median, double Best) Time(Action action, double seconds)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(seconds);
        var clock = Stopwatch.StartNew();
        var fastest = double.PositiveInfinity;
        while (clock.Elapsed.TotalSeconds < WarmSeconds)
        {
            var start = clock.Elapsed;
            action();
            fastest = Math.Min(fastest, (clock.Elapsed - start).TotalSeconds);
        }

        var calls = Math.Max(1, (int)(RoundSeconds / Math.Max(fastest, 1e-8)));
        var times = new List<double>();
        clock.Restart();
        while (clock.Elapsed.TotalSeconds < seconds || times.Count < 5)
        {
            var start = clock.Elapsed;
            for (var call = 0; call < calls; call++)
            {
                action();
            }

            times.Add((clock.Elapsed - start).TotalSeconds / calls);
        }

        times.Sort();
        return (times[times.Count / 2], times[0]);
    }
}
