using System.Collections.Immutable;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.Grains.Policies;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Grains.Deployments;

/// <summary>The GPUs of a deployment as the fleet sees them.</summary>
/// <param name="Outlooks">By position in the placement: the hottest GPU of all replicas at that position.</param>
/// <param name="Origin">The weakest origin of their readings; null when none of them sends any.</param>
/// <param name="IdleWatts">Power of all of them when idle, as far as it was seen; null when it never was.</param>
/// <param name="HottestOfReplica">Per replica the outlook of its hottest GPU; absent when none of its GPUs sends readings.</param>
internal sealed record DeploymentDevices(
    ImmutableArray<DeviceOutlook> Outlooks, Origin? Origin, double? IdleWatts, ImmutableDictionary<string, DeviceOutlook> HottestOfReplica)
{
    // A GPU that works this little idles.
    private const double IdleUtilization = 0.02;

    public static DeploymentDevices None { get; } = new([], null, null, ImmutableDictionary<string, DeviceOutlook>.Empty);

    public static DeploymentDevices Of(DeploymentDescription deployment, FleetSnapshot fleet, PolicyPage policies, DateTimeOffset now)
    {
        var wanted = deployment.Replicas.SelectMany(replica => replica.Gpus).ToHashSet(StringComparer.Ordinal);
        var states = fleet.Gpus.Where(state => wanted.Contains(state.Gpu.Value)).ToDictionary(state => state.Gpu.Value, StringComparer.Ordinal);
        if (states.Count == 0)
        {
            return None;
        }

        var hosts = states.Values.DistinctBy(state => state.Host).ToDictionary(state => state.Host, state => policies.Hardware(state.Site, state.Rack, state.Host, now), StringComparer.Ordinal);
        var positions = deployment.Replicas.Max(replica => replica.Gpus.Count);
        var outlooks = ImmutableArray.CreateBuilder<DeviceOutlook>(positions);
        for (var position = 0; position < positions; position++)
        {
            outlooks.Add(Hottest(deployment.Replicas.Where(replica => position < replica.Gpus.Count).Select(replica => replica.Gpus[position]), states, hosts, now)
                ?? new DeviceOutlook("", null, null, null, null, null, double.PositiveInfinity, Wire.Telemetry.Origin.Simulated));
        }

        var idle = states.Values.Where(state => state.Latest.UtilizationRatio <= IdleUtilization && state.Latest.PowerAverageWatts is not null).ToList();
        return new(
            outlooks.MoveToImmutable(),
            states.Values.Max(state => state.Latest.Origin),
            idle.Count > 0 ? idle.Average(state => state.Latest.PowerAverageWatts!.Value) * wanted.Count : null, // filtered above
            deployment.Replicas
                .Select(replica => (replica.Id, Outlook: Hottest(replica.Gpus, states, hosts, now)))
                .Where(pair => pair.Outlook is not null)
                .ToImmutableDictionary(pair => pair.Id, pair => pair.Outlook!, StringComparer.Ordinal)); // filtered above
    }

    private static DeviceOutlook? Hottest(IEnumerable<string> gpus, Dictionary<string, GpuState> states, Dictionary<string, HardwarePolicy> hosts, DateTimeOffset now) => gpus
        .Where(states.ContainsKey)
        .Select(gpu => Outlook(states[gpu], hosts, now))
        .MaxBy(outlook => outlook.ForecastCelsius ?? outlook.TemperatureCelsius ?? double.NegativeInfinity);

    private static DeviceOutlook Outlook(GpuState state, Dictionary<string, HardwarePolicy> hosts, DateTimeOffset now) => new(
        state.Gpu.Value,
        state.Latest.TemperatureCelsius,
        state.ForecastCelsius,
        state.Latest.TemperatureCelsius + state.Latest.ThermalMarginCelsius,
        state.Latest.PowerAverageWatts,
        state.Latest.PowerLimitWatts,
        Math.Max(0, (now - state.Received).TotalSeconds),
        state.Latest.Origin,
        hosts[state.Host]);
}
