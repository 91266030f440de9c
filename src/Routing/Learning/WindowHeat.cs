using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Routing.Thermal;

namespace EnergyTTT.Routing.Learning;

/// <summary>What the devices say at the end of a window.</summary>
/// <param name="DevicePrices">mu <c>[devices]</c>, 0 to 2; 0 with one device, stale readings, or a strategy that ignores heat.</param>
/// <param name="Urgency">The greatest urgency of a device with fresh readings, 1 to 3.25; 1 for strategies that ignore heat.</param>
/// <param name="Validity">1 when every device has fresh, real readings; 0 otherwise, and with no device known.</param>
/// <param name="Targets">Share of load wanted on each device; empty with fewer than two.</param>
internal sealed record WindowHeat(double[] DevicePrices, double Urgency, double Validity, double[] Targets)
{
    public static WindowHeat Of(LearningWindow window, LearningOptions options, int devices)
    {
        var (prices, urgency, validity) = (new double[devices], 1.0, window.Devices.Count == 0 ? 0.0 : 1.0);
        for (var g = 0; g < window.Devices.Count; g++)
        {
            var device = window.Devices[g];
            var freshness = TelemetryFreshness.Of(device.Statistics, window.Time, options.Monitoring);
            validity = Math.Min(validity, freshness.Validity);
            if (freshness.IsStale || options.Strategy.Heat == HeatRule.None)
                continue;
            urgency = Math.Max(urgency, Math.Clamp(device.Urgency, 1, 3.25));
            if (devices < 2 || g >= devices)
                continue; // Nowhere to move to: heat only raises urgency.
            var celsius = options.Strategy.Heat == HeatRule.Forecast ? device.ForecastCelsius ?? device.Statistics?.TemperatureCelsius : device.Statistics?.TemperatureCelsius;
            prices[g] = ShadowPrice.Of(celsius, device.Statistics?.SlowdownCelsius - 5 ?? options.HeatLimitCelsius);
        }

        var targets = new double[devices >= 2 ? devices : 0];
        if (targets.Length > 0)
            Usage.LoadTargets.FromSpeeds([.. Enumerable.Range(0, devices).Select(g => g < window.Devices.Count ? window.Devices[g].Speed : 1)], targets);
        return new(prices, urgency, validity, targets);
    }
}
