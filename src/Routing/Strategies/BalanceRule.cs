namespace EnergyTTT.Routing.Strategies;

/// <summary>What the integral term b_int pulls towards.</summary>
public enum BalanceRule
{
    /// <summary>Nothing: b_int stays 0.</summary>
    None = 0,

    /// <summary>Load of devices towards their speeds; with one device there is nothing to balance.</summary>
    Devices = 1,

    /// <summary>Load of experts towards the price-tilted demand of the gate itself; without prices there is nothing to pull to.</summary>
    Prices = 2,

    /// <summary>As <see cref="Prices"/>, but on the load that the linear trend forecasts.</summary>
    Trend = 3,

    /// <summary>Load of experts towards the same share for each, by the plain sign rule (no deadband, no leak).</summary>
    Uniform = 4,
}
