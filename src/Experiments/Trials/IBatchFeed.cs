using EnergyTTT.Experiments.Decoding;

namespace EnergyTTT.Experiments.Trials;

/// <summary>Hands out the batches of a trial.</summary>
internal interface IBatchFeed
{
    /// <summary>The next batch, once there is one; null when the trial is over.</summary>
    int[]? Next(ITrialClock clock);

    /// <summary>The batch was carried through.</summary>
    void Done(ITrialClock clock);

    /// <summary>Seconds in which there was nothing to do.</summary>
    double IdleSeconds { get; }

    /// <summary>What each request waited for a batch, and from its arrival to its last token, milliseconds; empty in a closed loop, where nobody arrives.</summary>
    (IReadOnlyList<double> Queue, IReadOnlyList<double> Latency) Milliseconds { get; }
}

/// <summary>A closed loop: batches that were planned, one after the other.</summary>
internal sealed class PlannedBatches(IReadOnlyList<int[]> batches) : IBatchFeed
{
    private int _next;

    public double IdleSeconds => 0;

    public (IReadOnlyList<double> Queue, IReadOnlyList<double> Latency) Milliseconds => ([], []);

    public int[]? Next(ITrialClock clock) => _next < batches.Count ? batches[_next++] : null;

    public void Done(ITrialClock clock)
    {
    }
}

/// <summary>
/// An open loop: requests come at moments that were fixed beforehand, whether or not anybody is ready, and a batch begins as soon as enough of them wait. The first batch is there when the trial begins.
/// </summary>
/// <param name="requests">When each request comes, seconds, in order, and which sequence it is.</param>
/// <param name="room">Where they wait.</param>
/// <param name="size">Requests of a batch.</param>
/// <param name="byAffinity">How batches are formed.</param>
internal sealed class ArrivingRequests(IReadOnlyList<(double At, int Sequence)> requests, WaitingRoom room, int size, bool byAffinity) : IBatchFeed
{
    private readonly List<double> _queue = [], _latency = [];
    private readonly Queue<double>[] _arrived = [.. Enumerable.Range(0, 1 + requests.Max(request => request.Sequence)).Select(_ => new Queue<double>())];
    private double[] _batch = [];
    private double? _began;
    private int _next;

    public double IdleSeconds { get; private set; }

    public (IReadOnlyList<double> Queue, IReadOnlyList<double> Latency) Milliseconds => (_queue, _latency);

    public int[]? Next(ITrialClock clock)
    {
        // The moment at which the first batch is whole is the beginning.
        _began ??= clock.Seconds - requests[size - 1].At;
        var missing = size - room.Count;
        if (missing > requests.Count - _next)
        {
            return null;
        }

        var now = clock.Seconds - _began.Value;
        if (missing > 0 && requests[_next + missing - 1].At is var whole && whole > now)
        {
            clock.WaitUntil(_began.Value + whole);
            IdleSeconds += whole - now;
            now = whole;
        }

        for (; _next < requests.Count && requests[_next].At <= now; _next++)
        {
            room.Enter(requests[_next].Sequence);
            _arrived[requests[_next].Sequence].Enqueue(requests[_next].At);
        }

        var batch = room.Take(size, byAffinity);
        _batch = [.. batch.Select(sequence => _arrived[sequence].Dequeue())];
        now = clock.Seconds - _began.Value;
        _queue.AddRange(_batch.Select(at => 1000 * (now - at)));
        return batch;
    }

    public void Done(ITrialClock clock)
    {
        var now = clock.Seconds - (_began ?? 0);
        _latency.AddRange(_batch.Select(at => 1000 * (now - at)));
    }
}
