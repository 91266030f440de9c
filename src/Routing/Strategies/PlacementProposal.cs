namespace EnergyTTT.Routing.Strategies;

/// <summary>A proposal to let two experts change places, so that load leaves a dear device. Somebody else decides and moves.</summary>
/// <param name="Expert">The busy expert on the dear device.</param>
/// <param name="With">The quieter expert on the cheap device.</param>
/// <param name="From">The dear device.</param>
/// <param name="To">The cheap device.</param>
/// <param name="Gain">Fall of <c>sum_e share_e price_g(e)</c>, in units of the price; above 0.</param>
public sealed record PlacementProposal(int Expert, int With, int From, int To, double Gain)
{
    /// <summary>
    /// The swap with the largest gain <c>(share_e - share_f)(price_g(e) - price_g(f))</c>, or <see langword="null"/> if none gains more than <paramref name="leastGain"/>. A swap keeps the number of
    /// experts on each device.
    /// </summary>
    /// <param name="shares">Load share of each expert <c>[experts]</c>.</param>
    /// <param name="devices">Device of each expert <c>[experts]</c>.</param>
    /// <param name="devicePrices">Price of a unit of load on each device <c>[devices]</c>: its cost factor times (1 + mu).</param>
    /// <remarks>Source: ours, for the MultiGpuAware strategy of router specification 3.7; by the rearrangement inequality the best swap is a busy expert on a dear device for a quiet one on a cheap device.</remarks>
    public static PlacementProposal? Best(ReadOnlySpan<double> shares, ReadOnlySpan<int> devices, ReadOnlySpan<double> devicePrices, double leastGain = 0.01)
    {
        if (shares.Length != devices.Length)
            throw new ArgumentException($"{shares.Length} shares for {devices.Length} placed experts", nameof(shares));

        PlacementProposal? best = null;
        for (var e = 0; e < shares.Length; e++)
        {
            for (var f = 0; f < shares.Length; f++)
            {
                var gain = (shares[e] - shares[f]) * (devicePrices[devices[e]] - devicePrices[devices[f]]);
                if (shares[e] > shares[f] && gain > (best?.Gain ?? leastGain))
                    best = new(e, f, devices[e], devices[f], gain);
            }
        }

        return best;
    }
}
