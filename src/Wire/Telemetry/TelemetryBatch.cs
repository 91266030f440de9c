using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Wire.Telemetry;

/// <summary>A host's frames, as posted to <c>/v1/telemetry</c>.</summary>
public sealed record TelemetryBatch
{
    /// <summary>Who sends, such as <c>agent/host-3</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Names the run of the sender within which sequences count up; a new one after each restart of the counting.</summary>
    public required string Boot { get; init; }

    /// <summary>The site that the host stands in.</summary>
    public string? Site { get; init; }

    /// <summary>The rack that the host stands in.</summary>
    public string? Rack { get; init; }

    /// <summary>The host.</summary>
    public required string Host { get; init; }

    /// <summary>The sender's clock when it sent, so that the server can tell the skew; null when not given.</summary>
    public DateTimeOffset? Sent { get; init; }

    /// <summary>What is known of the GPUs; at least once per boot and whenever it changes.</summary>
    public IReadOnlyList<GpuDescription>? Gpus { get; init; }

    /// <summary>The frames, in any order.</summary>
    public required IReadOnlyList<Frame> Frames { get; init; }
}

/// <summary>What does not change from second to second about one GPU.</summary>
public sealed record GpuDescription
{
    /// <summary>The GPU.</summary>
    public required GpuId Gpu { get; init; }

    /// <summary>Product name, such as <c>NVIDIA H100 80GB HBM3</c>.</summary>
    public string? Model { get; init; }

    /// <summary>Version of the driver.</summary>
    public string? Driver { get; init; }

    /// <summary>The greatest power limit that the card accepts, in watts.</summary>
    public double? PowerLimitMaxWatts { get; init; }

    /// <summary>Address on the bus, such as <c>00000000:19:00.0</c>.</summary>
    public string? PciBusId { get; init; }

    /// <summary><c>ok</c>, <c>degraded</c> or <c>failed</c> (lost, needs a reset), with the reason in <see cref="StateReason"/>.</summary>
    public string? State { get; init; }

    /// <summary>Why the state is not <c>ok</c>.</summary>
    public string? StateReason { get; init; }

    /// <summary>What became of the power cap that policy asks for; null when none is asked for or the agent does not follow caps.</summary>
    public PowerCapState? PowerCap { get; init; }

    /// <summary>The sensors that the card has.</summary>
    public SensorPassport? Passport { get; init; }
}
