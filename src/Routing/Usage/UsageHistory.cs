namespace EnergyTTT.Routing.Usage;

/// <summary>
/// How much each expert was used, window by window: a ring of the newest windows, each a distribution over experts that sums to 1. Not thread-safe; nothing is
/// allocated per window.
/// </summary>
public sealed class UsageHistory
{
    private readonly UsageOptions _options;
    private readonly double[] _shares;
    private int _next;

    /// <summary>Starts empty.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is not at least one expert, or the options ask for more recent windows than they keep.</exception>
    public UsageHistory(int experts, UsageOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        _options = options ?? new();
        ArgumentOutOfRangeException.ThrowIfGreaterThan(_options.RecentWindows, _options.Windows);
        Experts = experts;
        _shares = new double[_options.Windows * experts];
    }

    /// <summary>Number of experts.</summary>
    public int Experts { get; }

    /// <summary>Windows held, 0 to the ring's size.</summary>
    public int Count { get; private set; }

    /// <summary>Windows that control looks at now: the recent ones, or fewer at the start.</summary>
    public int RecentCount => Math.Min(Count, _options.RecentWindows);

    /// <summary>Token slots in all windows ever recorded.</summary>
    public long Slots { get; private set; }

    /// <summary>Takes the counts of one window. A window without tokens says nothing about usage and is not recorded.</summary>
    /// <param name="counts">n, <c>[experts]</c>: token slots per expert, 0 or more.</param>
    /// <returns>Whether the window was recorded.</returns>
    /// <exception cref="ArgumentException">Another number of counts than experts, or a negative count.</exception>
    public bool Record(ReadOnlySpan<long> counts)
    {
        if (counts.Length != Experts)
        {
            throw new ArgumentException($"{counts.Length} counts for {Experts} experts: one count per expert expected", nameof(counts));
        }

        long total = 0;
        foreach (var count in counts)
        {
            if (count < 0)
            {
                throw new ArgumentException($"a count of {count}: 0 or more expected", nameof(counts));
            }

            total = checked(total + count);
        }

        if (total == 0)
        {
            return false;
        }

        var row = _shares.AsSpan(_next * Experts, Experts);
        for (var e = 0; e < Experts; e++)
        {
            row[e] = (double)counts[e] / total;
        }

        _next = (_next + 1) % _options.Windows;
        Count = Math.Min(Count + 1, _options.Windows);
        Slots += total;
        return true;
    }

    /// <summary>The shares of one window, <c>[experts]</c>, newest first: age 0 is the last one recorded.</summary>
    public ReadOnlySpan<double> Window(int age)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(age);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(age, Count);
        return _shares.AsSpan((_next - 1 - age + 2 * _options.Windows) % _options.Windows * Experts, Experts);
    }

    /// <summary>Mean share of each expert over the recent windows, <c>[experts]</c>, sums to 1; uniform while nothing is recorded.</summary>
    public void RecentMean(Span<double> mean) => Mean(RecentCount, mean);

    /// <summary>Mean share of each expert over the newest <paramref name="windows"/>, <c>[experts]</c>; uniform while nothing is recorded.</summary>
    public void Mean(int windows, Span<double> mean)
    {
        RequireRoom(mean.Length, nameof(mean));
        windows = Math.Clamp(windows, 0, Count);
        if (windows == 0)
        {
            mean.Fill(1.0 / Experts);
            return;
        }

        mean.Clear();
        for (var age = 0; age < windows; age++)
        {
            var row = Window(age);
            for (var e = 0; e < Experts; e++)
            {
                mean[e] += row[e] / windows;
            }
        }
    }

    /// <summary>
    /// Least-squares slope of each expert's share over the recent windows, share per window, <c>[experts]</c>: <c>sum (i - ibar) s_i / sum (i - ibar)^2</c> with i rising with time. Sums to 0;
    /// 0 with fewer than two windows.
    /// </summary>
    public void RecentTrend(Span<double> slope)
    {
        RequireRoom(slope.Length, nameof(slope));
        slope.Clear();
        var windows = RecentCount;
        if (windows < 2)
        {
            return;
        }

        var centre = (windows - 1) / 2.0;
        // sum (i - ibar)^2 of 0 .. n-1.
        var squares = windows * ((double)windows * windows - 1) / 12;
        for (var age = 0; age < windows; age++)
        {
            var weight = (windows - 1 - age - centre) / squares;
            var row = Window(age);
            for (var e = 0; e < Experts; e++)
            {
                slope[e] += weight * row[e];
            }
        }
    }

    /// <summary>Forgets every window.</summary>
    public void Clear() => (_next, Count, Slots) = (0, 0, 0);

    private void RequireRoom(int length, string name)
    {
        if (length != Experts)
        {
            throw new ArgumentException($"room for {length} values, {Experts} experts", name);
        }
    }
}
