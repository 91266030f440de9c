using System.Collections.Immutable;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Contracts.Gpus;

/// <summary>Committed frames of one GPU on their way to its grain, with what their batch said about the place they come from.</summary>
/// <param name="Site">The site, or null when the sender named none.</param>
/// <param name="Rack">The rack, or null when the sender named none.</param>
/// <param name="Host">The host.</param>
/// <param name="Boot">The run of the sender within which sequences count up.</param>
/// <param name="Description">What the batch described of the GPU; null when it said nothing new.</param>
/// <param name="Frames">The frames, in any order, all of the same GPU; never empty.</param>
/// <param name="Received">When the server received the newest of them, by the server's clock.</param>
/// <param name="ClockSkewSeconds">The sender's clock minus the server's, in seconds; null when the sender did not give its clock.</param>
[GenerateSerializer, Immutable, Alias("gpu-frames")]
public sealed record GpuFrames(
    [property: Id(0)] string? Site,
    [property: Id(1)] string? Rack,
    [property: Id(2)] string Host,
    [property: Id(3)] string Boot,
    [property: Id(4)] GpuDescription? Description,
    [property: Id(5)] ImmutableArray<Frame> Frames,
    [property: Id(6)] DateTimeOffset Received,
    [property: Id(7)] double? ClockSkewSeconds);
