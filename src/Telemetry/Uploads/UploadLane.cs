using EnergyTTT.Telemetry.Logs;

namespace EnergyTTT.Telemetry.Uploads;

/// <summary>
/// The road of one host's frames: in order, through the journal, to the server. A host whose key is refused does not hold up another.
/// </summary>
internal sealed class UploadLane(string host, Journal journal, Courier courier, UploadOptions options, UploadStatistics statistics, TimeProvider time, Random jitter, ITelemetryLog log) : IDisposable
{
    private const int BytesPerRequest = 4 << 20;

    private readonly SemaphoreSlim _news = new(0, 1);
    private int _failures;

    /// <summary>The lane's buffer.</summary>
    public Journal Journal => journal;

    /// <summary>Takes a record in. While the server is away each record is forced to the disk; otherwise it is at the server before that would be done.</summary>
    public void Take(byte[] record)
    {
        journal.Append(record);
        if (Volatile.Read(ref _failures) > 0)
        {
            journal.Flush();
        }

        try
        {
            _news.Release();
        }
        catch (SemaphoreFullException)
        {
            // It knows already.
        }
    }

    /// <summary>Sends until cancelled.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan? pause;
            try
            {
                pause = await SendNext(cancellationToken).ConfigureAwait(false);
            }
            catch (IOException fault)
            {
                pause = Pause(null, fault.Message);
            }

            if (pause is null)
            {
                await _news.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause.Value, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Sends what is next, once.</summary>
    /// <returns>The pause before there is more to do, or null when everything is delivered.</returns>
    public async Task<TimeSpan?> SendNext(CancellationToken cancellationToken)
    {
        var most = options.FramesPerRequest;
        while (true)
        {
            var records = new List<UploadRecord>();
            var (frames, bytes) = (0, 0);
            var behind = journal.Peek(raw =>
            {
                var record = UploadRecord.Decode(raw);
                if (records.Count > 0 && (frames + record.FrameCount > most || bytes + raw.Length > BytesPerRequest || !record.Header.Span.SequenceEqual(records[0].Header.Span)))
                {
                    return false;
                }

                records.Add(record);
                (frames, bytes) = (frames + record.FrameCount, bytes + raw.Length);
                return true;
            });
            if (records.Count == 0)
            {
                return null;
            }

            var (outcome, pause, reason) = await courier.Send(records, cancellationToken).ConfigureAwait(false);
            if (outcome == Outcome.Again)
            {
                return Pause(pause, reason);
            }

            if (outcome == Outcome.Split && records.Count > 1)
            {
                most = Math.Max(1, frames / 2);
                continue;
            }

            if (outcome == Outcome.Split)
            {
                statistics.Refuse(frames);
                log.Write(LogLevel.Error, $"{host}: the server refused a message of {frames} frames for good: {reason}");
            }

            Recover();
            journal.Acknowledge(behind);
            return TimeSpan.Zero;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        journal.Dispose();
        _news.Dispose();
    }

    private TimeSpan Pause(TimeSpan? asked, string? reason)
    {
        statistics.Fail();
        var failures = Interlocked.Increment(ref _failures);
        if (failures == 1)
        {
            journal.Flush();
        }

        double share;
        lock (jitter)
        {
            share = jitter.NextDouble();
        }

        // Jitter keeps a fleet of agents from coming back all at once.
        var doubled = options.FirstRetry * Math.Pow(2, Math.Min(failures - 1, 16));
        var pause = asked is { } wanted ? wanted * (1 + 0.1 * share) : (doubled < options.LongestRetry ? doubled : options.LongestRetry) * (0.5 + 0.5 * share);
        if (failures == 1 || failures % 10 == 0)
        {
            log.Write(LogLevel.Warning, $"{host}: not delivered ({reason}); frames are buffered, next try in {pause.TotalSeconds:0.0} s");
        }

        return pause;
    }

    private void Recover()
    {
        if (Interlocked.Exchange(ref _failures, 0) > 0)
        {
            log.Write(LogLevel.Information, $"{host}: delivering again");
        }
    }
}
