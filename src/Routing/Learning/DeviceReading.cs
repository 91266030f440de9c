using EnergyTTT.Routing.Monitoring;

namespace EnergyTTT.Routing.Learning;

/// <summary>What is known about one device of a layer at the end of a window.</summary>
/// <param name="Statistics">Its latest readings; <see langword="null"/> = none.</param>
/// <param name="ForecastCelsius">Forecast of its temperature 30 s ahead; <see langword="null"/> = none.</param>
/// <param name="Urgency">1 to 3.25, of the thermal scaler.</param>
/// <param name="Speed">Relative speed that its share of load should follow, above 0.</param>
public sealed record DeviceReading(GpuStatistics? Statistics, double? ForecastCelsius = null, double Urgency = 1, double Speed = 1);
