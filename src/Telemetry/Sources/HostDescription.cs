using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Sources;

/// <summary>What a source found on one host.</summary>
/// <param name="Site">The site, or null when it is not known.</param>
/// <param name="Rack">The rack, or null when it is not known.</param>
/// <param name="Host">The host.</param>
/// <param name="Gpus">Its GPUs with their sensor passports, in the driver's order.</param>
/// <param name="Fault">Why the host could not be read, or null: no driver is a state to show, not a crash.</param>
public sealed record HostDescription(string? Site, string? Rack, string Host, IReadOnlyList<GpuDescription> Gpus, string? Fault = null);
