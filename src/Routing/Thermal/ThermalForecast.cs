namespace EnergyTTT.Routing.Thermal;

/// <summary>The temperature expected at a horizon, with the error that such forecasts really had on this GPU.</summary>
/// <param name="HorizonSeconds">How far ahead.</param>
/// <param name="Celsius">Expected die temperature in degrees Celsius.</param>
/// <param name="LowCelsius">Lower edge of the 90 % band.</param>
/// <param name="HighCelsius">Upper edge of the 90 % band.</param>
/// <param name="MeanAbsoluteErrorCelsius">Running mean absolute error of such forecasts at the nearest scored horizon; null before the first one came due.</param>
/// <param name="PersistenceErrorCelsius">The same of "it stays as it is"; null before the first one came due.</param>
public readonly record struct ThermalForecast(
    double HorizonSeconds, double Celsius, double LowCelsius, double HighCelsius, double? MeanAbsoluteErrorCelsius, double? PersistenceErrorCelsius);
