namespace EnergyTTT.Routing.Usage;

/// <summary>What usage will be if its trend goes on.</summary>
public static class UsageForecast
{
    /// <summary>
    /// <c>project(mean + slope * ((n - 1) / 2 + h))</c>: the recent mean carried along its least-squares line from the middle of the recent n windows to h windows ahead, then projected onto the
    /// simplex. <c>[experts]</c>, sums to 1; uniform while nothing is recorded.
    /// </summary>
    /// <param name="history">What was used.</param>
    /// <param name="windowsAhead">h, 0 or more.</param>
    /// <param name="shares">Receives the forecast.</param>
    /// <remarks>Source: ours, for the DynamicRerouting strategy of the router specification (3.7).</remarks>
    public static void Linear(UsageHistory history, double windowsAhead, Span<double> shares)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentOutOfRangeException.ThrowIfNegative(windowsAhead);
        history.RecentMean(shares);
        var slope = shares.Length <= 512 ? stackalloc double[shares.Length] : new double[shares.Length];
        history.RecentTrend(slope);
        var distance = (Math.Max(history.RecentCount, 1) - 1) / 2.0 + windowsAhead;
        for (var e = 0; e < shares.Length; e++)
        {
            shares[e] += slope[e] * distance;
        }

        SimplexProjection.Project(shares);
    }
}
