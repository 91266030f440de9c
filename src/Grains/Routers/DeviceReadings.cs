using System.Collections.Immutable;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Thermal;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Grains.Routers;

/// <summary>Turns outlooks of devices into what a learner reads, with a thermal state per device that does not chatter.</summary>
internal sealed class DeviceReadings
{
    private readonly Dictionary<string, (HardwarePolicy Policy, ThermalScaler Scaler)> _scalers = new(StringComparer.Ordinal);

    public IReadOnlyList<DeviceReading> Of(ImmutableArray<DeviceOutlook> outlooks, DateTimeOffset now) =>
        [.. outlooks.Select(outlook => Of(outlook, now))];

    private DeviceReading Of(DeviceOutlook outlook, DateTimeOffset now)
    {
        if (!double.IsFinite(outlook.AgeSeconds))
        {
            return new DeviceReading(null);
        }

        var statistics = new GpuStatistics
        {
            Time = now - TimeSpan.FromSeconds(outlook.AgeSeconds),
            Origin = outlook.Origin,
            PowerWatts = outlook.PowerWatts,
            PowerLimitWatts = outlook.PowerLimitWatts,
            TemperatureCelsius = outlook.TemperatureCelsius,
            ThermalMarginCelsius = outlook.LimitCelsius - outlook.TemperatureCelsius,
        };
        return new DeviceReading(statistics, outlook.ForecastCelsius, ScalerOf(outlook).Observe(UnderPolicy(statistics, outlook.Policy)).Urgency);
    }

    // The scaler takes the card's own slowdown temperature wherever it is told one.
    private static GpuStatistics UnderPolicy(GpuStatistics statistics, HardwarePolicy? policy) =>
        policy?.ThermalThresholds == ThresholdSource.Policy ? statistics with { ThermalMarginCelsius = null } : statistics;

    private ThermalScaler ScalerOf(DeviceOutlook outlook)
    {
        var policy = outlook.Policy ?? HardwarePolicy.Defaults;
        var thresholds = policy with { Version = 0, PowerCapMode = default, PowerCapRatio = 1, Windows = "" };
        if (!_scalers.TryGetValue(outlook.Gpu, out var known) || known.Policy != thresholds)
        {
            // Other thresholds begin without a state: the next reading gives it.
            _scalers[outlook.Gpu] = known = (thresholds, new ThermalScaler(new ThermalScalingOptions
            {
                Thresholds = new(thresholds.ThermalWarmCelsius, thresholds.ThermalHotCelsius, thresholds.ThermalCriticalCelsius),
                HysteresisCelsius = thresholds.ThermalHysteresisCelsius,
                MinimumDwellSeconds = thresholds.ThermalDwellSeconds,
            }));
        }

        return known.Scaler;
    }
}
