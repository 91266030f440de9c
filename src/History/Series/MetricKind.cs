namespace EnergyTTT.History.Series;

/// <summary>How readings of a metric combine over time and over GPUs.</summary>
public enum MetricKind
{
    /// <summary>Counts up, such as joules and tokens: summed over time, summed over GPUs.</summary>
    Amount = 0,

    /// <summary>A rate or a stock, such as watts and bytes: averaged over time, summed over GPUs.</summary>
    Level = 1,

    /// <summary>A property of each GPU, such as degrees and ratios: averaged over time, averaged over GPUs.</summary>
    Property = 2,

    /// <summary>A greatest value: the greatest over time and over GPUs.</summary>
    Peak = 3,

    /// <summary>A quotient of two amounts, such as joules per token: both are summed first, over time and over GPUs.</summary>
    Quotient = 4,
}
