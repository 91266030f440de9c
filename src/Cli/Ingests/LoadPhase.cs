using System.Net;

namespace EnergyTTT.Cli.Ingests;

/// <summary>What a phase of load did.</summary>
/// <param name="Batches">Batches acknowledged.</param>
/// <param name="Accepted">Frames acknowledged as stored for the first time.</param>
/// <param name="Busy">Answers 429; the batch was sent again.</param>
/// <param name="Failed">Other failures.</param>
/// <param name="Seconds">From the first due batch to the last acknowledgement.</param>
/// <param name="P50">Median of the time from when a batch was due to its acknowledgement, in seconds.</param>
/// <param name="P99">99th percentile of the same.</param>
/// <param name="Greatest">The greatest of the same.</param>
internal sealed record LoadResult(long Batches, long Accepted, long Busy, long Failed, double Seconds, double P50, double P99, double Greatest)
{
    public double FramesPerSecond => Accepted / Seconds;
}

/// <summary>
/// Sends batches, at a rate or as fast as acknowledgements come. At a rate the clock of a batch starts when it was due and not when a
/// connection was free for it, so that a server that stalls is seen to stall.
/// </summary>
internal sealed class LoadPhase(IReadOnlyList<BenchHost> hosts, EndPoint server, int connections, double? batchesPerSecond, TimeSpan duration)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly List<double> _latencies = [];
    private readonly Lock _gate = new();
    private long _accepted;
    private long _busy;
    private long _failed;

    /// <summary>Runs the phase.</summary>
    public async Task<LoadResult> Run(CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(lane => Task.Run(() => Lane(lane, started, cancellationToken), cancellationToken)));
        var seconds = _time.GetElapsedTime(started).TotalSeconds;
        _latencies.Sort();
        return new LoadResult(_latencies.Count, _accepted, _busy, _failed, seconds, Percentile(0.5), Percentile(0.99), Percentile(1));
    }

    private async Task Lane(int number, long started, CancellationToken cancellationToken)
    {
        using var lane = new BenchLane(server);
        List<double> latencies = [];

        // A host's batches must leave in order, so a host belongs to one lane.
        for (var turn = 0; ; turn++)
        {
            var host = hosts[number + (turn % (hosts.Count / connections) * connections)];
            var due = await Due(number, turn, started, cancellationToken);
            if (due is null)
            {
                break;
            }

            await Send(lane, host, cancellationToken);
            latencies.Add((_time.GetElapsedTime(started) - due.Value).TotalSeconds);
        }

        lock (_gate)
        {
            _latencies.AddRange(latencies);
        }
    }

    private async Task<TimeSpan?> Due(int lane, int turn, long started, CancellationToken cancellationToken)
    {
        var now = _time.GetElapsedTime(started);
        if (batchesPerSecond is not { } rate)
        {
            return now < duration ? now : null;
        }

        var due = TimeSpan.FromSeconds((lane + ((double)turn * connections)) / rate);
        if (due >= duration)
        {
            return null;
        }

        if (due > now)
        {
            await Task.Delay(due - now, _time, cancellationToken);
        }

        return due;
    }

    private async Task Send(BenchLane lane, BenchHost host, CancellationToken cancellationToken)
    {
        var request = host.Next();
        while (true)
        {
            try
            {
                var (status, accepted) = await lane.Post(request, cancellationToken);
                if (status == 200)
                {
                    Interlocked.Add(ref _accepted, accepted);
                    return;
                }

                if (status is 400 or 401 or 403 or 413 or 415 or 422)
                {
                    throw new InvalidOperationException($"The server refused the load with {status}.");
                }

                Interlocked.Increment(ref (status == 429 ? ref _busy : ref _failed));
            }
            catch (Exception exception) when (exception is IOException or System.Net.Sockets.SocketException)
            {
                lane.Dispose();
                Interlocked.Increment(ref _failed);
            }

            await Task.Delay(Pause, _time, cancellationToken);
        }
    }

    private double Percentile(double share) => _latencies.Count == 0 ? double.NaN : _latencies[(int)Math.Min(_latencies.Count - 1, share * _latencies.Count)];
}
