using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Series;

/// <summary>What is known of one GPU at one point of a series: readings over time come together here, before GPUs do. The default stands for nothing.</summary>
/// <param name="Total">Sum of the readings, for means each by its seconds.</param>
/// <param name="Weight">What the total is divided by to be a mean; above 0.</param>
/// <param name="Least">Least reading.</param>
/// <param name="Greatest">Greatest reading.</param>
/// <param name="Origin">The weakest origin.</param>
internal readonly record struct SeriesPoint(double Total, double Weight, double? Least, double? Greatest, Origin Origin)
{
    /// <summary>This and other readings of the same GPU and point.</summary>
    public SeriesPoint With(in SeriesPoint other) => new(
        Total + other.Total,
        Weight + other.Weight,
        Lesser(Least, other.Least),
        Greater(Greatest, other.Greatest),
        other.Origin > Origin ? other.Origin : Origin);

    internal static double? Lesser(double? a, double? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);

    internal static double? Greater(double? a, double? b) => a is null ? b : b is null ? a : Math.Max(a.Value, b.Value);
}

/// <summary>One point of a series: what its GPUs say, put together.</summary>
internal struct SeriesPointOfGroup
{
    private double _totals;
    private double _means;
    private double _weights;
    private double? _least;
    private double? _greatest;

    /// <summary>Number of GPUs that have something to say.</summary>
    public int Gpus { get; private set; }

    /// <summary>The weakest origin.</summary>
    public Origin Origin { get; private set; }

    /// <summary>Adds a GPU.</summary>
    public void Add(in SeriesPoint gpu)
    {
        Gpus++;
        _totals += gpu.Total;
        _means += gpu.Total / gpu.Weight;
        _weights += gpu.Weight;
        _least = SeriesPoint.Lesser(_least, gpu.Least);
        _greatest = SeriesPoint.Greater(_greatest, gpu.Greatest);
        Origin = gpu.Origin > Origin ? gpu.Origin : Origin;
    }

    /// <summary>The value; null where no GPU has what the combination needs.</summary>
    public readonly double? Value(ReadSeries.Combination combination) => Gpus == 0 ? null : combination switch
    {
        ReadSeries.Combination.SumOfSums => _totals,
        ReadSeries.Combination.SumOfMeans => _means,
        ReadSeries.Combination.MeanOfMeans => _means / Gpus,
        ReadSeries.Combination.Greatest => _greatest,
        ReadSeries.Combination.Least => _least,
        _ => _totals / _weights,
    };
}
