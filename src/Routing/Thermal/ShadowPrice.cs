namespace EnergyTTT.Routing.Thermal;

/// <summary>The price of heat on each device: what makes tokens move to a cooler one.</summary>
public static class ShadowPrice
{
    /// <summary>Height kappa of the price, dimensionless.</summary>
    public const double Kappa = 0.5;

    /// <summary>Softness s in degrees Celsius.</summary>
    public const double SoftnessCelsius = 3;

    /// <summary>The greatest price.</summary>
    public const double Cap = 2;

    /// <summary>
    /// <c>mu = min(cap, kappa * ln(1 + exp((T30 - Tlimit) / s)))</c>, where T30 is the temperature forecast for 30 s ahead and Tlimit the policy's limit, both in degrees Celsius.
    /// Dimensionless, 0 to 2; 0 when the forecast is null or not finite (no sensor, no price).
    /// </summary>
    /// <remarks>Source: router specification, 3.4.</remarks>
    public static double Of(double? forecastCelsius, double limitCelsius)
    {
        if (forecastCelsius is not { } forecast || !double.IsFinite(forecast) || !double.IsFinite(limitCelsius))
        {
            return 0;
        }

        var x = (forecast - limitCelsius) / SoftnessCelsius;
        // ln(1 + e^x) without overflow.
        var softplus = x > 0 ? x + Math.Log(1 + Math.Exp(-x)) : Math.Log(1 + Math.Exp(x));
        return Math.Min(Cap, Kappa * softplus);
    }

    /// <summary>Prices of several devices, <c>[devices]</c>. With one device the price is 0: there is nowhere to move to, so heat only raises urgency.</summary>
    /// <exception cref="ArgumentException">The spans differ in length.</exception>
    public static void Of(ReadOnlySpan<double> forecastCelsius, double limitCelsius, Span<double> prices)
    {
        if (forecastCelsius.Length != prices.Length)
        {
            throw new ArgumentException($"{forecastCelsius.Length} forecasts but room for {prices.Length} prices: both must be one per device", nameof(prices));
        }

        for (var g = 0; g < prices.Length; g++)
        {
            prices[g] = prices.Length == 1 ? 0 : Of(forecastCelsius[g], limitCelsius);
        }
    }
}
