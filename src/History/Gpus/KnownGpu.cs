using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Gpus;

/// <summary>What the history knows of one GPU.</summary>
/// <param name="Gpu">The GPU.</param>
/// <param name="Host">The host it was last seen in.</param>
/// <param name="Rack">The host's rack, or null.</param>
/// <param name="Site">The host's site, or null.</param>
/// <param name="Description">What its sender last said of it; null: nothing yet.</param>
/// <param name="FirstSeen">When it was first heard of, by the server's clock.</param>
/// <param name="Latest">Its newest frame by its own time that is still kept; null: none.</param>
/// <param name="Boot">The boot of <paramref name="Latest"/>.</param>
/// <param name="Received">When the server received <paramref name="Latest"/>.</param>
/// <param name="EnergyTotalJoules">Joules of all frames that were ever stored and rolled up, plus those of the minutes that are not rolled up yet.</param>
public sealed record KnownGpu(
    GpuId Gpu,
    string Host,
    string? Rack,
    string? Site,
    GpuDescription? Description,
    DateTimeOffset FirstSeen,
    Frame? Latest,
    string? Boot,
    DateTimeOffset? Received,
    double EnergyTotalJoules);
