namespace EnergyTTT.Routing.Strategies;

/// <summary>Which temperature the shadow prices of devices look at.</summary>
public enum HeatRule
{
    /// <summary>None: heat has no price.</summary>
    None = 0,

    /// <summary>The temperature now.</summary>
    Now = 1,

    /// <summary>The forecast for 30 s ahead; the temperature now where there is no forecast.</summary>
    Forecast = 2,
}
