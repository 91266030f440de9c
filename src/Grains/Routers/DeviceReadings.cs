using System.Collections.Immutable;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Thermal;

namespace EnergyTTT.Grains.Routers;

/// <summary>Turns outlooks of devices into what a learner reads, with a thermal state per device that does not chatter.</summary>
internal sealed class DeviceReadings
{
    private readonly Dictionary<string, ThermalScaler> _scalers = new(StringComparer.Ordinal);

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
        if (!_scalers.TryGetValue(outlook.Gpu, out var scaler))
        {
            _scalers[outlook.Gpu] = scaler = new ThermalScaler();
        }

        return new DeviceReading(statistics, outlook.ForecastCelsius, scaler.Observe(statistics).Urgency);
    }
}
