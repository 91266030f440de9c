namespace EnergyTTT.Selection.Affinities;

/// <summary>Which replica a new request should join.</summary>
/// <param name="Index">Its position among the offers, or -1 when none is open.</param>
/// <param name="Reason">Why it and not another.</param>
/// <param name="Joules">What joining costs in J per step; NaN when none is open.</param>
public readonly record struct ReplicaChoice(int Index, ReplicaReason Reason, double Joules)
{
    /// <summary>
    /// The open replica with the lowest cost whose load, with the request, stays within its share <c>(total load + request) capacity / total capacity</c> by at most
    /// <paramref name="slack"/> (or that is idle); when none is within, the one that exceeds its share least. Ties go to the earlier offer.
    /// </summary>
    /// <param name="offers">The replicas.</param>
    /// <param name="load">The load of the request in the unit of the offers, above 0.</param>
    /// <param name="slack">How far above its share a replica may go, at least 0: 0.25 is a quarter.</param>
    /// <exception cref="ArgumentException">An offer has a number that is negative, not finite, or a capacity of 0.</exception>
    public static ReplicaChoice Among(ReadOnlySpan<ReplicaOffer> offers, double load, double slack)
    {
        if (!(load > 0) || !double.IsFinite(load))
        {
            throw new ArgumentOutOfRangeException(nameof(load), load, "A request has a positive, finite load.");
        }

        if (!(slack >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(slack), slack, "Slack is at least 0.");
        }

        double total = load, capacity = 0;
        foreach (var offer in offers)
        {
            Check(offer);
            total += offer.IsOpen ? offer.Load : 0;
            capacity += offer.IsOpen ? offer.Capacity : 0;
        }

        int best = -1, least = -1, cheapest = -1;
        for (var index = 0; index < offers.Length; index++)
        {
            var offer = offers[index];
            if (!offer.IsOpen)
            {
                continue;
            }

            cheapest = cheapest < 0 || offer.Joules < offers[cheapest].Joules ? index : cheapest;
            least = least < 0 || Fullness(offer, load) < Fullness(offers[least], load) ? index : least;
            var share = total * offer.Capacity / capacity;
            if ((offer.Load == 0 || offer.Load + load <= share * (1 + slack)) && (best < 0 || offer.Joules < offers[best].Joules))
            {
                best = index;
            }
        }

        return best >= 0 ? new(best, best == cheapest ? ReplicaReason.Cheapest : ReplicaReason.CheapestWithinLoadBound, offers[best].Joules)
            : least >= 0 ? new(least, ReplicaReason.LeastLoaded, offers[least].Joules)
            : new(-1, ReplicaReason.NoneOpen, double.NaN);
    }

    private static double Fullness(ReplicaOffer offer, double load) => (offer.Load + load) / offer.Capacity;

    private static void Check(ReplicaOffer offer)
    {
        ReadOnlySpan<double> numbers = [offer.ExtraExperts, offer.JoulesPerExpert, offer.QueueJoules, offer.HeatJoules, offer.Load];
        foreach (var number in numbers)
        {
            if (!double.IsFinite(number) || number < 0)
            {
                throw new ArgumentException($"Replica '{offer.Replica}' offers {number}: every term is finite and at least 0. Leave out a term that is not known by giving 0.", nameof(offer));
            }
        }

        if (!(offer.Capacity > 0) || !double.IsFinite(offer.Capacity))
        {
            throw new ArgumentException($"Replica '{offer.Replica}' has a capacity of {offer.Capacity}: close it with IsOpen instead.", nameof(offer));
        }
    }
}
