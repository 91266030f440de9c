using System.Runtime.CompilerServices;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.Sources;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Exporters;

/// <summary>
/// GPUs through the Prometheus endpoints of dcgm-exporter, for hosts on which nothing may be installed. One agent can speak for many hosts; frames are cut
/// when a card's energy counter was renewed, so that their length is the exporter's, not the scraper's. Origin <c>measured</c>.
/// </summary>
/// <param name="client">Does the scraping; not disposed here.</param>
public sealed class DcgmExporterSource(DcgmOptions options, HttpClient client, TimeProvider time, ITelemetryLog log) : ITelemetrySource
{
    private static readonly TimeSpan DescribeEvery = TimeSpan.FromMinutes(5);

    private readonly Dictionary<GpuId, DcgmTrack> _tracks = [];
    private readonly HashSet<Uri> _silent = [];

    /// <inheritdoc/>
    public string Name => "dcgm";

    /// <inheritdoc/>
    public async IAsyncEnumerable<TelemetryBatch> Read([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var nextDescription = time.GetTimestamp();
        while (true)
        {
            var began = time.GetTimestamp();
            var anyway = began >= nextDescription;
            nextDescription = anyway ? began + (long)(DescribeEvery.TotalSeconds * time.TimestampFrequency) : nextDescription;
            foreach (var endpoint in await Task.WhenAll(options.Endpoints.Select(endpoint => Scrape(endpoint, cancellationToken))).ConfigureAwait(false))
            {
                foreach (var host in endpoint.GroupBy(HostOf))
                {
                    if (Batch(host.Key, [.. host], anyway) is { } batch)
                    {
                        yield return batch;
                    }
                }
            }

            var wait = options.ScrapeEvery - time.GetElapsedTime(began);
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<HostDescription>> Describe(CancellationToken cancellationToken)
    {
        var hosts = new List<HostDescription>();
        foreach (var endpoint in options.Endpoints)
        {
            var readings = await Scrape(endpoint, cancellationToken).ConfigureAwait(false);
            hosts.AddRange(readings.GroupBy(HostOf).Select(host => new HostDescription(
                options.Place.Site, options.Place.Rack, host.Key, [.. host.Select(reading => new DcgmTrack(reading).Tell(reading, anyway: true)!)])));
            if (readings.Count == 0)
            {
                hosts.Add(new HostDescription(options.Place.Site, options.Place.Rack, endpoint.Authority, [], $"{endpoint} answered no GPU metrics: is it a dcgm-exporter, and can this host reach it?"));
            }
        }

        return hosts;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private string HostOf(DcgmReading reading) => reading.Host ?? options.Place.Host;

    private async Task<IReadOnlyList<DcgmReading>> Scrape(Uri endpoint, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.ScrapeTimeout);
        try
        {
            var readings = DcgmReading.Read(PrometheusSample.Parse(await client.GetStringAsync(endpoint, limit.Token).ConfigureAwait(false)));
            Say(endpoint, readings.Count > 0, "no GPU metrics");
            return readings;
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Say(endpoint, false, fault is OperationCanceledException ? "no answer in time" : fault.Message);
            return [];
        }
    }

    private void Say(Uri endpoint, bool answers, string fault)
    {
        lock (_silent)
        {
            if (answers ? _silent.Remove(endpoint) : _silent.Add(endpoint))
            {
                log.Write(answers ? LogLevel.Information : LogLevel.Warning, answers ? $"{endpoint}: answers again" : $"{endpoint}: {fault}");
            }
        }
    }

    private TelemetryBatch? Batch(string host, IReadOnlyList<DcgmReading> readings, bool anyway)
    {
        var (frames, told) = (new List<Frame>(), new List<GpuDescription>());
        var (at, wall) = (time.GetElapsedTime(0, time.GetTimestamp()), time.GetUtcNow());
        foreach (var reading in readings)
        {
            if (!_tracks.TryGetValue(reading.Gpu, out var track))
            {
                _tracks[reading.Gpu] = track = new DcgmTrack(reading);
            }

            track.Frames.Add(reading.Power(at));
            track.Frames.Add(reading.State());
            if (track.Frames.Cut(wall) is { } frame)
            {
                frames.Add(frame);
            }

            if (track.Tell(reading, anyway) is { } description)
            {
                told.Add(description);
            }
        }

        return frames.Count == 0 && told.Count == 0 ? null : new TelemetryBatch
        {
            Source = "dcgm/" + host,
            Boot = options.Boot,
            Site = options.Place.Site,
            Rack = options.Place.Rack,
            Host = host,
            Gpus = told.Count > 0 ? told : null,
            Frames = frames,
        };
    }
}
