namespace EnergyTTT.Experiments.Trials;

/// <summary>How work comes to a trial.</summary>
public enum ArrivalPattern
{
    /// <summary>The next batch is always ready: as fast as it goes.</summary>
    Closed = 0,

    /// <summary>Requests come at a fixed rate, evenly.</summary>
    Paced = 1,

    /// <summary>Requests come at a fixed mean rate, independently of each other.</summary>
    Poisson = 2,
}

/// <summary>The moments at which requests come.</summary>
internal static class Arrivals
{
    /// <summary>Seconds from the first possible moment, rising.</summary>
    /// <param name="pattern">Paced or Poisson.</param>
    /// <param name="count">Requests.</param>
    /// <param name="perSecond">Mean rate, above 0.</param>
    /// <param name="seed">Of the moments; the same for both arms of a pair, so that both meet the same load.</param>
    public static double[] Of(ArrivalPattern pattern, int count, double perSecond, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(perSecond);
        var random = new Random(seed);
        var at = 0.0;
        var moments = new double[count];
        for (var request = 0; request < count; request++)
        {
            at += pattern == ArrivalPattern.Poisson ? -Math.Log(1 - random.NextDouble()) / perSecond : 1 / perSecond;
            moments[request] = at;
        }

        return moments;
    }
}
