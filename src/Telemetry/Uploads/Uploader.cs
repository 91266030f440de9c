using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Uploads;

/// <summary>
/// Brings batches to the server: every batch is first written to a bounded buffer on disk and leaves it only when the server has acknowledged it, in the order of
/// its host. What was taken in survives the death of the process; what was acknowledged twice is stored once, since frames are known by (GPU, boot, sequence).
/// </summary>
public sealed class Uploader : IAsyncDisposable
{
    private const string LanePrefix = "host-";

    private readonly UploadOptions _options;
    private readonly TimeProvider _time;
    private readonly Random _jitter;
    private readonly ITelemetryLog _log;
    private readonly FileStream _lock;
    private readonly Courier _courier;
    private readonly Dictionary<string, UploadLane> _lanes = [];
    private readonly List<Task> _roads = [];
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Opens the buffer and begins to send what an earlier run left in it.</summary>
    /// <param name="client">Sends the requests; not disposed here.</param>
    /// <param name="jitter">Spreads repeated requests in time.</param>
    /// <exception cref="IOException">The folder is in use by another agent, or cannot be written.</exception>
    public Uploader(UploadOptions options, HttpClient client, TimeProvider time, Random jitter, ITelemetryLog log)
    {
        (_options, _time, _jitter, _log) = (options, time, jitter, log);
        Directory.CreateDirectory(options.BufferFolder);
        try
        {
            _lock = new FileStream(Path.Combine(options.BufferFolder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault)
        {
            throw new IOException($"The buffer folder {options.BufferFolder} cannot be locked; is another agent running on it? Choose another folder with --buffer. ({fault.Message})", fault);
        }

        _courier = new Courier(options, client, Statistics, time, log);
        foreach (var folder in Directory.GetDirectories(options.BufferFolder, LanePrefix + "*"))
        {
            Lane(Uri.UnescapeDataString(Path.GetFileName(folder)[LanePrefix.Length..]));
        }
    }

    /// <summary>What became of the frames so far.</summary>
    public UploadStatistics Statistics { get; } = new();

    /// <summary>Batches that were given up since the buffer was full.</summary>
    public long Dropped
    {
        get
        {
            lock (_lanes)
            {
                return _lanes.Values.Sum(lane => lane.Journal.Dropped);
            }
        }
    }

    /// <summary>Whether everything was acknowledged.</summary>
    public bool Empty
    {
        get
        {
            lock (_lanes)
            {
                return _lanes.Values.All(lane => lane.Journal.Empty);
            }
        }
    }

    /// <summary>Takes a batch in. When it returns, the batch is in the buffer.</summary>
    public void Enqueue(TelemetryBatch batch) => Lane(batch.Host).Take(UploadRecord.Encode(batch));

    /// <summary>Waits until everything is acknowledged or the time is over.</summary>
    /// <returns>Whether everything was acknowledged.</returns>
    public async Task<bool> Drain(TimeSpan timeout)
    {
        for (var began = _time.GetTimestamp(); !Empty && _time.GetElapsedTime(began) < timeout;)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), _time, CancellationToken.None).ConfigureAwait(false);
        }

        return Empty;
    }

    /// <summary>Ends sending and forces the buffer to the disk; what is left in it is sent by the next run.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await Task.WhenAll(_roads).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // They were told to.
        }

        foreach (var lane in _lanes.Values)
        {
            lane.Dispose();
        }

        await _lock.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private UploadLane Lane(string host)
    {
        lock (_lanes)
        {
            if (_lanes.TryGetValue(host, out var lane))
            {
                return lane;
            }

            var folder = Path.Combine(_options.BufferFolder, LanePrefix + Uri.EscapeDataString(host));
            lane = new UploadLane(host, new Journal(folder, _options.BufferLimitBytes, _options.SegmentBytes, _log), _courier, _options, Statistics, _time, _jitter, _log);
            _lanes[host] = lane;
            _roads.Add(Task.Run(() => lane.Run(_stop.Token), CancellationToken.None));
            return lane;
        }
    }
}
