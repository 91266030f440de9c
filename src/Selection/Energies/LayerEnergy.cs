namespace EnergyTTT.Selection.Energies;

/// <summary>
/// The energy of one MoE layer for one step, as a function of how many tokens each expert serves. Everything in joules, seconds and watts;
/// the constants come from a measured cost table (<c>docs/router.md</c>, the energy model).
/// </summary>
public static class LayerEnergy
{
    /// <summary>
    /// <c>E(n) = sum_e [ a_e 1[n_e &gt; 0] + c_e m ceil(n_e / m) ]</c>: reading the weights of each active expert once, plus arithmetic in whole tiles.
    /// </summary>
    /// <param name="counts">n [experts], tokens on each expert, not negative.</param>
    /// <param name="readJoules">a [experts], J: reading the weights of an expert once.</param>
    /// <param name="tokenJoules">c [experts], J per token and expert.</param>
    /// <param name="tileRows">m, rows of a tile of the matrix kernel (16 to 128 on GPUs; 1 for no rounding).</param>
    /// <returns>Joules; 0 for an idle layer.</returns>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="tileRows"/> is below 1, or a count is negative.</exception>
    public static double Joules(ReadOnlySpan<int> counts, ReadOnlySpan<double> readJoules, ReadOnlySpan<double> tokenJoules, int tileRows = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tileRows, 1);
        RequireLength(readJoules.Length, counts.Length, nameof(readJoules));
        RequireLength(tokenJoules.Length, counts.Length, nameof(tokenJoules));
        double joules = 0;
        for (var expert = 0; expert < counts.Length; expert++)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(counts[expert], nameof(counts));
            if (counts[expert] > 0)
            {
                joules += readJoules[expert] + (tokenJoules[expert] * WholeTiles(counts[expert], tileRows));
            }
        }

        return joules;
    }

    /// <summary>
    /// The same over several devices that wait for the slowest: adds <c>sum_g P_idle,g (T_max - T_g)</c> with
    /// <c>T_g = sum over e on g of (alpha_e 1[n_e &gt; 0] + beta_e m ceil(n_e / m))</c> and <c>T_max = max_g T_g</c>.
    /// </summary>
    /// <remarks>
    /// Time counts whole tiles as energy does: a tile takes as long half empty as full. (With the time of single tokens, filling a tile would be
    /// free and yet shorten another device's wait, so that a token would lower the energy.) Adding a token never lowers the result as long as no expert
    /// works below the idle power of its device: <c>a_e &gt;= P_idle alpha_e</c> and <c>c_e &gt;= P_idle beta_e</c>, which is checked.
    /// </remarks>
    /// <param name="counts">n [experts].</param>
    /// <param name="readJoules">a [experts], J.</param>
    /// <param name="tokenJoules">c [experts], J per token.</param>
    /// <param name="tileRows">m, at least 1.</param>
    /// <param name="devices">g [experts]: the device of each expert, 0 to the number of devices - 1.</param>
    /// <param name="readSeconds">alpha [experts], s.</param>
    /// <param name="tokenSeconds">beta [experts], s per token.</param>
    /// <param name="idleWatts">P_idle [devices], W.</param>
    /// <param name="deviceSeconds">Receives T [devices], s.</param>
    /// <returns>Joules.</returns>
    /// <exception cref="ArgumentException">Spans differ in length, a device is unknown, or an expert works below idle power.</exception>
    public static double Joules(
        ReadOnlySpan<int> counts,
        ReadOnlySpan<double> readJoules,
        ReadOnlySpan<double> tokenJoules,
        int tileRows,
        ReadOnlySpan<int> devices,
        ReadOnlySpan<double> readSeconds,
        ReadOnlySpan<double> tokenSeconds,
        ReadOnlySpan<double> idleWatts,
        Span<double> deviceSeconds)
    {
        RequireLength(devices.Length, counts.Length, nameof(devices));
        RequireLength(readSeconds.Length, counts.Length, nameof(readSeconds));
        RequireLength(tokenSeconds.Length, counts.Length, nameof(tokenSeconds));
        RequireLength(deviceSeconds.Length, idleWatts.Length, nameof(deviceSeconds));
        var joules = Joules(counts, readJoules, tokenJoules, tileRows);
        deviceSeconds.Clear();
        for (var expert = 0; expert < counts.Length; expert++)
        {
            var device = devices[expert];
            if ((uint)device >= (uint)idleWatts.Length)
            {
                throw new ArgumentException($"Expert {expert} is on device {device}; there are {idleWatts.Length} devices.", nameof(devices));
            }

            if (readJoules[expert] < idleWatts[device] * readSeconds[expert] || tokenJoules[expert] < idleWatts[device] * tokenSeconds[expert])
            {
                throw new ArgumentException(
                    $"Expert {expert} would work below the idle power of its device, {idleWatts[device]} W: its joules must be at least idle watts times its seconds.",
                    nameof(idleWatts));
            }

            if (counts[expert] > 0)
            {
                deviceSeconds[device] += readSeconds[expert] + (tokenSeconds[expert] * WholeTiles(counts[expert], tileRows));
            }
        }

        double slowest = 0;
        foreach (var seconds in deviceSeconds)
        {
            slowest = Math.Max(slowest, seconds);
        }

        for (var device = 0; device < idleWatts.Length; device++)
        {
            joules += idleWatts[device] * (slowest - deviceSeconds[device]);
        }

        return joules;
    }

    /// <summary>
    /// The share of a layer's energy that routing can reach at all: <c>(sum of a_e over active experts) / E(n)</c>, in [0, 1]; 0 for an idle layer.
    /// It is a ceiling, not a promise.
    /// </summary>
    public static double Ceiling(ReadOnlySpan<int> counts, ReadOnlySpan<double> readJoules, ReadOnlySpan<double> tokenJoules, int tileRows = 1)
    {
        var total = Joules(counts, readJoules, tokenJoules, tileRows);
        double read = 0;
        for (var expert = 0; expert < counts.Length; expert++)
        {
            read += counts[expert] > 0 ? readJoules[expert] : 0;
        }

        return total > 0 ? read / total : 0;
    }

    private static double WholeTiles(int tokens, int tileRows) => (double)tileRows * (((long)tokens + tileRows - 1) / tileRows);

    private static void RequireLength(int length, int expected, string name)
    {
        if (length != expected)
        {
            throw new ArgumentException($"{name} has {length} numbers where {expected} are needed.", name);
        }
    }
}
