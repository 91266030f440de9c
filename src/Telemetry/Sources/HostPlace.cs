namespace EnergyTTT.Telemetry.Sources;

/// <summary>Where a host stands.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Site">The site, or null when not known.</param>
/// <param name="Rack">The rack, or null when not known.</param>
public sealed record HostPlace(string Host, string? Site = null, string? Rack = null);
