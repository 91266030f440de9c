using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.Sampling;
using EnergyTTT.Telemetry.Sources;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>
/// The GPUs of this host through their driver's management library. Without a driver it waits for one: that is a state of the host, not an error of the
/// program. Frames carry the origin <c>measured</c>.
/// </summary>
public sealed class NvmlSource(NvmlOptions options, TimeProvider time, ITelemetryLog log) : ITelemetrySource
{
    /// <inheritdoc/>
    public string Name => "nvml";

    /// <inheritdoc/>
    public IAsyncEnumerable<TelemetryBatch> Read(CancellationToken cancellationToken) => SampleLoop.Run(
        pause =>
        {
            var sampler = new NvmlSampler(options, time, log, pause);
            return (sampler.Step, sampler);
        },
        options.SampleEvery, time, log, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<HostDescription>> Describe(CancellationToken cancellationToken) => Task.Run<IReadOnlyList<HostDescription>>(() =>
    {
        var place = options.Place;
        using var sampler = new NvmlSampler(options, time, StreamLog.None, pause => cancellationToken.WaitHandle.WaitOne(pause));
        if (!sampler.Open())
        {
            return [new HostDescription(place.Site, place.Rack, place.Host, [], sampler.HostFault)];
        }

        var fault = sampler.Closed.Count > 0 ? string.Join("; ", sampler.Closed) : null;
        return [new HostDescription(place.Site, place.Rack, place.Host, [.. sampler.Tracks.Select(track => track.Tell(anyway: true)!)], fault)];
    }, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
