using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Routing.Losses;

/// <summary>How much each of the five objectives counts. Dimensionless, 0 or more, not all 0; only their ratios matter (<see cref="Normalised"/>).</summary>
/// <param name="Performance">Latency and throughput, w_P. Default .25.</param>
/// <param name="Energy">Joules, w_E. Default .35.</param>
/// <param name="Thermal">Heat of devices, w_T. Default .20.</param>
/// <param name="Memory">Experts that are not in device memory, w_M. Default .10.</param>
/// <param name="LoadBalance">Shares of devices, w_B. Default .10.</param>
public sealed record ObjectiveWeights(
    [property: Range(0, 1000)] double Performance = 0.25, [property: Range(0, 1000)] double Energy = 0.35, [property: Range(0, 1000)] double Thermal = 0.20,
    [property: Range(0, 1000)] double Memory = 0.10, [property: Range(0, 1000)] double LoadBalance = 0.10)
{
    /// <summary>The same ratios with sum 1.</summary>
    /// <exception cref="ArgumentException">A weight is negative or not finite, or all are 0.</exception>
    public ObjectiveWeights Normalised()
    {
        var sum = Performance + Energy + Thermal + Memory + LoadBalance;
        if (!(double.IsFinite(sum) && sum > 0) || Performance < 0 || Energy < 0 || Thermal < 0 || Memory < 0 || LoadBalance < 0)
            throw new ArgumentException($"objective weights are finite, 0 or more and not all 0; these are {this}");
        return new(Performance / sum, Energy / sum, Thermal / sum, Memory / sum, LoadBalance / sum);
    }
}
