using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using EnergyTTT.Telemetry.Sources;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Replays;

/// <summary>
/// Plays the recorded H100 as a fleet of virtual GPUs, shifted against each other in time, for ever. Every frame is one whole recorded second with the
/// origin <c>replayed</c>; only its GPU, sequence and time are new. Deterministic for a given seed and boot but for the wall clock.
/// </summary>
public sealed class ReplaySource : ITelemetrySource
{
    // A reader that was away for longer (a suspended laptop) gets a gap in time instead of a flood.
    private const int LongestCatchUpSeconds = 30;
    private const int DescribeEverySeconds = 300;

    private readonly ReplayOptions _options;
    private readonly TimeProvider _time;
    private readonly RecordedTrace _trace;
    private readonly string _boot;

    /// <summary>Prepares the fleet; nothing is played until it is read.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public ReplaySource(ReplayOptions options, TimeProvider time, RecordedTrace? trace = null)
    {
        _options = options.Checked();
        _time = time;
        _trace = trace ?? RecordedTrace.H100;
        _boot = options.Boot ?? Guid.CreateVersion7(time.GetUtcNow()).ToString("n");
        Hosts = VirtualHost.Plan(options, _trace.Frames.Count);
    }

    /// <inheritdoc/>
    public string Name => "replay";

    /// <summary>The fleet, in the order in which batches come.</summary>
    public ImmutableArray<VirtualHost> Hosts { get; }

    /// <summary>The batch of one host for one second.</summary>
    /// <param name="second">0 is the first; also the sequence of its frames.</param>
    /// <param name="time">The end of that second.</param>
    public TelemetryBatch Batch(VirtualHost host, long second, DateTimeOffset time) => new()
    {
        Source = "replay/" + host.Host,
        Boot = _boot,
        Site = host.Site,
        Rack = host.Rack,
        Host = host.Host,
        Gpus = second % DescribeEverySeconds == 0 ? Cards(host) : null,
        Frames = [.. host.Gpus.Select(gpu => gpu.Frame(_trace, second, _options.Speed, time))],
    };

    /// <inheritdoc/>
    public async IAsyncEnumerable<TelemetryBatch> Read([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var end = _time.GetUtcNow() - _options.Backfill;
        for (long second = 0; ; second++)
        {
            end += TimeSpan.FromSeconds(1);
            var ahead = end - _time.GetUtcNow();
            if (ahead > TimeSpan.FromSeconds(2))
            {
                // The clock was set back: go on from there instead of waiting for it to come round.
                ahead = TimeSpan.FromSeconds(1);
                end = _time.GetUtcNow() + ahead;
            }

            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead, _time, cancellationToken).ConfigureAwait(false);
            }
            else if (ahead < -_options.Backfill - TimeSpan.FromSeconds(LongestCatchUpSeconds))
            {
                end = _time.GetUtcNow();
            }

            foreach (var host in Hosts)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return Batch(host, second, end);
            }
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<HostDescription>> Describe(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<HostDescription>>([.. Hosts.Select(host => new HostDescription(host.Site, host.Rack, host.Host, Cards(host)))]);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static List<GpuDescription> Cards(VirtualHost host) => [.. host.Gpus.Select(gpu => RecordedTrace.Card(gpu.Gpu))];
}
