using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Sources;

/// <summary>A place where frames come from: the driver of this host, an exporter, or a recording.</summary>
public interface ITelemetrySource : IAsyncDisposable
{
    /// <summary>What the source is, for logs and for <see cref="TelemetryBatch.Source"/>; such as <c>nvml</c>.</summary>
    string Name { get; }

    /// <summary>
    /// The frames as they come, one batch per host and second, for ever or until cancelled. Sequences count up without a hole per GPU and
    /// <see cref="TelemetryBatch.Boot"/>. A sensor that is silent is null, a GPU that is silent sends no frame; neither ends the sequence.
    /// A reader that is slow delays nothing but itself.
    /// </summary>
    IAsyncEnumerable<TelemetryBatch> Read(CancellationToken cancellationToken);

    /// <summary>Looks at the GPUs and says what they are and which sensors they have. May take some seconds: it watches sensors tick.</summary>
    Task<IReadOnlyList<HostDescription>> Describe(CancellationToken cancellationToken);
}
