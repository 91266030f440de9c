using System.Collections.Concurrent;
using System.Collections.Immutable;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Frames;

/// <summary>
/// Carries committed frames to the grains of their GPUs. Frames of one GPU that come close together travel in one call, and the
/// feed rests nine times as long as it worked, so that the live view never takes more than a tenth of the processors from the intake.
/// What is lost here is lost to the view only: the history has it.
/// </summary>
public sealed partial class GpuFeed(IGrainFactory grains, TimeProvider time, ILogger<GpuFeed> log) : BackgroundService
{
    // Of one GPU, a minute's view is worth waiting for. A frame takes about half a kilobyte, so all that wait take some 60 MB.
    private const int MostPending = 60;
    private const int MostWaiting = 120_000;
    private const int CallsAtOnce = 32;
    private static readonly TimeSpan ShortestRest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan IdleAfter = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<GpuId, Inbox> _inboxes = new();
    private readonly ConcurrentQueue<Arrival> _arrivals = new();
    private readonly Queue<Inbox> _ready = new();
    private readonly SemaphoreSlim _calls = new(CallsAtOnce);
    private long _waiting;
    private long _dropped;
    private long _failed;

    /// <summary>Frames that did not reach their grain's window because too many waited or the call failed, since the start.</summary>
    public long Dropped => Volatile.Read(ref _dropped) + Volatile.Read(ref _failed);

    /// <summary>The greatest power limit that the GPU is known to accept, in watts; null while nobody has said.</summary>
    public double? LimitWatts(GpuId gpu) => _inboxes.TryGetValue(gpu, out var inbox) ? inbox.LimitWatts : null;

    /// <summary>Takes frames that PostgreSQL has committed, all of one batch.</summary>
    public void Post(TelemetryBatch batch, IReadOnlyList<Frame> frames, DateTimeOffset received)
    {
        foreach (var description in batch.Gpus ?? [])
        {
            InboxOf(description.Gpu).Describe(description);
        }

        if (frames.Count == 0)
        {
            return;
        }

        // The intake pays for one entry of a queue; to find the GPUs of the frames is the work of the feed itself.
        _arrivals.Enqueue(new Arrival(batch, frames, received));
        var waiting = Interlocked.Add(ref _waiting, frames.Count);
        while (waiting > MostWaiting && _arrivals.TryDequeue(out var oldest))
        {
            Interlocked.Add(ref _dropped, oldest.Frames.Count);
            waiting = Interlocked.Add(ref _waiting, -oldest.Frames.Count);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _calls.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var swept = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            await Sweep();
            if (time.GetElapsedTime(swept) > IdleAfter)
            {
                Forget();
                swept = time.GetTimestamp();
            }

            var rest = 9 * time.GetElapsedTime(started);
            await Task.Delay(rest > ShortestRest ? rest : ShortestRest, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Sweep();
    }

    /// <summary>Carries everything that waits; completes when the grains have it.</summary>
    internal async Task Sweep()
    {
        Distribute();
        while (_ready.TryDequeue(out var inbox))
        {
            await _calls.WaitAsync();
            _ = Deliver(inbox);
        }

        for (var permits = 0; permits < CallsAtOnce; permits++)
        {
            await _calls.WaitAsync();
        }

        _calls.Release(CallsAtOnce);
    }

    private void Distribute()
    {
        for (var arrivals = _arrivals.Count; arrivals > 0 && _arrivals.TryDequeue(out var arrival); arrivals--)
        {
            Interlocked.Add(ref _waiting, -arrival.Frames.Count);
            double? skew = arrival.Batch.Sent is { } sent ? (sent - arrival.Received).TotalSeconds : null;
            foreach (var frame in arrival.Frames)
            {
                var inbox = InboxOf(frame.Gpu);
                switch (inbox.Add(new Pending(arrival.Batch, frame, arrival.Received, skew)))
                {
                    case Place.First:
                        _ready.Enqueue(inbox);
                        break;
                    case Place.InsteadOfOldest:
                        Interlocked.Increment(ref _dropped);
                        break;
                }
            }
        }
    }

    private async Task Deliver(Inbox inbox)
    {
        var frames = 0;
        try
        {
            foreach (var call in inbox.Take())
            {
                frames = call.Frames.Length;
                await inbox.Grain.Record(call);
            }
        }
        catch (Exception exception)
        {
            Interlocked.Add(ref _failed, frames);
            LogNotDelivered(exception, inbox.Gpu);
        }
        finally
        {
            _calls.Release();
        }
    }

    private void Forget()
    {
        var now = time.GetUtcNow();
        foreach (var (gpu, inbox) in _inboxes)
        {
            if (inbox.IsIdle(now - IdleAfter))
            {
                _inboxes.TryRemove(gpu, out _);
            }
        }
    }

    private Inbox InboxOf(GpuId gpu) =>
        _inboxes.TryGetValue(gpu, out var inbox) ? inbox : _inboxes.GetOrAdd(gpu, id => new Inbox(id, grains.GetGrain<IGpuGrain>(id.GrainKey)));

    [LoggerMessage(LogLevel.Warning, "Frames of {Gpu} did not reach its grain; the history has them")]
    private partial void LogNotDelivered(Exception exception, GpuId gpu);

    private readonly record struct Arrival(TelemetryBatch Batch, IReadOnlyList<Frame> Frames, DateTimeOffset Received);

    private readonly record struct Pending(TelemetryBatch Batch, Frame Frame, DateTimeOffset Received, double? Skew);

    private enum Place
    {
        First,
        Next,
        InsteadOfOldest,
    }

    private sealed class Inbox(GpuId gpu, IGpuGrain grain)
    {
        private readonly Lock _gate = new();
        private List<Pending> _pending = [];
        private GpuDescription? _description;
        private GpuDescription? _told;
        private DateTimeOffset _newest;

        public GpuId Gpu => gpu;

        public IGpuGrain Grain => grain;

        public double? LimitWatts => Volatile.Read(ref _description)?.PowerLimitMaxWatts;

        public void Describe(GpuDescription description) => Volatile.Write(ref _description, description);

        /// <summary>Takes the frame, instead of the oldest when <see cref="MostPending"/> wait already. The first one puts the inbox in line.</summary>
        public Place Add(in Pending pending)
        {
            lock (_gate)
            {
                _newest = pending.Received;
                var full = _pending.Count >= MostPending;
                if (full)
                {
                    _pending.RemoveAt(0);
                }

                _pending.Add(pending);
                return full ? Place.InsteadOfOldest : _pending.Count == 1 ? Place.First : Place.Next;
            }
        }

        public bool IsIdle(DateTimeOffset since)
        {
            lock (_gate)
            {
                // One that was described a moment ago and has no frame yet is new, not idle.
                return _pending.Count == 0 && _newest != default && _newest < since;
            }
        }

        /// <summary>What waits, as calls: frames of one run of the sender travel together.</summary>
        public IEnumerable<GpuFrames> Take()
        {
            List<Pending> taken;
            lock (_gate)
            {
                taken = _pending;
                _pending = new List<Pending>(1);
            }

            var description = Volatile.Read(ref _description);
            var news = ReferenceEquals(description, _told) ? null : description;
            _told = description;
            for (var start = 0; start < taken.Count;)
            {
                var end = start + 1;
                while (end < taken.Count && taken[end].Batch.Boot == taken[start].Batch.Boot)
                {
                    end++;
                }

                var last = taken[end - 1];
                var frames = ImmutableArray.CreateBuilder<Frame>(end - start);
                for (var i = start; i < end; i++)
                {
                    frames.Add(taken[i].Frame);
                }

                yield return new GpuFrames(last.Batch.Site, last.Batch.Rack, last.Batch.Host, last.Batch.Boot, news, frames.MoveToImmutable(), last.Received, last.Skew);
                news = null;
                start = end;
            }
        }
    }
}
