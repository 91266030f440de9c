using System.Globalization;

namespace EnergyTTT.Testing.Machines;

/// <summary>
/// Tells whether a bar on time can be held to here and now. A figure taken while other programs want the same cores says more about
/// them than about a page: then it is printed, and only a generous bound can fail.
/// </summary>
public static class BusyMachine
{
    /// <summary>The share of all cores that nobody used during the last half second, 0 to 1, from <c>/proc/stat</c>; 1 where there is no such file.</summary>
    public static async Task<double> IdleShare()
    {
        if (!File.Exists("/proc/stat"))
        {
            return 1;
        }

        var (idle, all) = Jiffies();
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        var (idleLater, allLater) = Jiffies();
        return allLater == all ? 1 : (double)(idleLater - idle) / (allLater - all);
    }

    /// <summary>Whether at least seven tenths of the cores are free.</summary>
    public static async Task<bool> IsQuiet() => await IdleShare() >= 0.7;

    private static (long Idle, long All) Jiffies()
    {
        // cpu  user nice system idle iowait irq softirq steal ...
        var numbers = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return (numbers[3] + numbers[4], numbers.Take(8).Sum());
    }
}
