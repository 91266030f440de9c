using System.Globalization;

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>Refuses rows whose units cannot be right: a published table implies 0.13 W.</summary>
public static class UnitCheck
{
    /// <summary>The least power at which a GPU that computes can be, in watts.</summary>
    public const double LeastWatts = 5;

    /// <summary>The power limit taken when a row names none, in watts: above that of any single GPU sold.</summary>
    public const double GreatestLimitWatts = 2000;

    /// <summary>
    /// Checks <c>W = J / (ms / 1000)</c> against [5, 1.2 x limit]. Null when the row is plausible, else what is wrong, with value, bound and way out.
    /// </summary>
    public static string? Explain(double energyJoules, double latencyMilliseconds, double? powerLimitWatts)
    {
        if (!(double.IsFinite(energyJoules) && energyJoules > 0))
        {
            return Text($"energy of {energyJoules} J is not above 0: leave the row out where nothing was measured");
        }

        if (!(double.IsFinite(latencyMilliseconds) && latencyMilliseconds > 0))
        {
            return Text($"latency of {latencyMilliseconds} ms is not above 0: leave the row out where nothing was measured");
        }

        var watts = energyJoules / (latencyMilliseconds / 1000);
        var greatest = 1.2 * (powerLimitWatts ?? GreatestLimitWatts);
        return watts >= LeastWatts && watts <= greatest
            ? null
            : Text($"{energyJoules} J in {latencyMilliseconds} ms imply {watts:0.###} W, outside {LeastWatts} to {greatest:0.#} W: check the units (joules per execution, milliseconds per execution)");
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
