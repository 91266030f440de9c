namespace EnergyTTT.Routing.Usage;

/// <summary>How even a distribution over experts is.</summary>
/// <param name="GreatestOverMean">Greatest share over mean share: 1 when even, E when one expert takes all.</param>
/// <param name="CoefficientOfVariation">Standard deviation over mean: 0 when even.</param>
/// <param name="NormalisedEntropy">Entropy over ln E: 1 when even, 0 when one expert takes all; 1 with one expert.</param>
public readonly record struct UsageStatistics(double GreatestOverMean, double CoefficientOfVariation, double NormalisedEntropy)
{
    /// <summary>Statistics of shares, <c>[experts]</c>, 0 or more; they need not sum to 1. Of no load at all: perfectly even.</summary>
    public static UsageStatistics Of(ReadOnlySpan<double> shares)
    {
        double sum = 0, greatest = 0, squares = 0;
        foreach (var share in shares)
        {
            sum += share;
            greatest = Math.Max(greatest, share);
        }

        if (sum <= 0)
        {
            return new(1, 0, 1);
        }

        double mean = sum / shares.Length, entropy = 0;
        foreach (var share in shares)
        {
            squares += (share - mean) * (share - mean);
            var p = share / sum;
            entropy -= p > 0 ? p * Math.Log(p) : 0;
        }

        return new(greatest / mean, Math.Sqrt(squares / shares.Length) / mean, shares.Length == 1 ? 1 : entropy / Math.Log(shares.Length));
    }
}
