namespace EnergyTTT.Routing.Thermal;

/// <summary>The factors of thermal scaling. Source: router specification, 3.4.</summary>
public static class ThermalFactors
{
    /// <summary>1, 1.2, 1.5, 2 and 2.5 for cool, warm, hot, critical and throttling.</summary>
    public static double OfState(ThermalState state) => state switch
    {
        ThermalState.Cool => 1,
        ThermalState.Warm => 1.2,
        ThermalState.Hot => 1.5,
        ThermalState.Critical => 2,
        _ => 2.5,
    };

    /// <summary>Factor of the ratio r = P / limit: r below .625: 1; below .75: 1.1; else 1.3. Null or not finite (no sensor): 1.</summary>
    public static double OfPower(double? powerWatts, double? limitWatts)
    {
        var ratio = powerWatts / limitWatts;
        return ratio is null || limitWatts <= 0 || !double.IsFinite(ratio.Value) ? 1 : ratio < 0.625 ? 1 : ratio < 0.75 ? 1.1 : 1.3;
    }

    /// <summary>Urgency u = temperature factor x power factor, in [1, 3.25].</summary>
    public static double Urgency(double temperatureFactor, double powerFactor) => Math.Clamp(temperatureFactor * powerFactor, 1, 3.25);
}
