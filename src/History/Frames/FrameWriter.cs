using System.Threading.Channels;
using EnergyTTT.History.Partitions;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>
/// Group commit: callers queue up, and each connection takes what is waiting, up to <see cref="FrameWriterOptions.RowsPerCommit"/>,
/// into one binary COPY. Nothing waits for a group to fill: while one commit is on its way to the disk, the next group gathers.
/// </summary>
public sealed partial class FrameWriter(
    NpgsqlDataSource source,
    IOptions<FrameWriterOptions> options,
    IOptions<RetentionOptions> retention,
    TimeProvider time,
    HistoryInstruments instruments,
    ILogger<FrameWriter> logger) : IFrameWriter, IHostedService, IDisposable
{
    private readonly Channel<PendingBatch> _queue = Channel.CreateUnbounded<PendingBatch>();
    private readonly Lock _taking = new();
    private readonly CancellationTokenSource _abort = new();
    private Task _loops = Task.CompletedTask;

    // What is known of the database's short keys and partitions. A database that was away may come back as another, so a new
    // memory is begun then; sessions that are still at work keep the one they have.
    private volatile FrameMemory _memory = new();
    private int _queuedFrames;
    private int _failures;
    private volatile bool _away = true;
    private volatile bool _stopping;

    /// <summary>Whether the database answered when it was last asked.</summary>
    public bool Ready => !_away && !_stopping;

    /// <summary>Frames that wait or are being written.</summary>
    public int QueuedFrames => Volatile.Read(ref _queuedFrames);

    /// <inheritdoc/>
    public Task<WriteReceipt> Write(TelemetryBatch batch, IReadOnlyList<Frame> frames, DateTimeOffset received, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(frames);
        CheckTimes(frames);
        if (_stopping)
        {
            throw new WriterBusyException("The server is stopping.", options.Value.RetryAfterAway);
        }

        if (_away)
        {
            throw new WriterBusyException("The database cannot be reached at the moment.", options.Value.RetryAfterAway);
        }

        var pending = new PendingBatch(batch, frames, received);
        var queued = Interlocked.Add(ref _queuedFrames, pending.Weight);

        // An empty queue takes any batch, or one larger than the queue could never be written.
        if (queued > options.Value.QueueFrames && queued > pending.Weight)
        {
            Interlocked.Add(ref _queuedFrames, -pending.Weight);
            instruments.Refused(frames.Count);
            throw new WriterBusyException($"{queued - pending.Weight} frames are waiting to be written and at most {options.Value.QueueFrames} may.", options.Value.RetryAfterFull);
        }

        if (!_queue.Writer.TryWrite(pending))
        {
            Interlocked.Add(ref _queuedFrames, -pending.Weight);
            throw new WriterBusyException("The server is stopping.", options.Value.RetryAfterAway);
        }

        return pending.Completion.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        instruments.ObserveQueue(() => QueuedFrames);
        _loops = Task.WhenAll(Enumerable.Range(0, options.Value.Connections).Select(_ => Task.Run(() => Loop(_abort.Token), CancellationToken.None)));
        return Task.CompletedTask;
    }

    /// <summary>Takes no more, writes what is queued, and ends.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        _queue.Writer.TryComplete();
        try
        {
            await _loops.WaitAsync(cancellationToken);
        }
        finally
        {
            await _abort.CancelAsync();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _abort.Dispose();

    private void CheckTimes(IReadOnlyList<Frame> frames)
    {
        var now = time.GetUtcNow();
        foreach (var frame in frames)
        {
            if (!FrameRetention.Accepts(frame.Time, now, retention.Value.Frames))
            {
                throw new FrameOutOfRetentionException(
                    $"Frame {frame.Sequence} of {frame.Gpu} is of {frame.Time.UtcDateTime:u}; from {(now - retention.Value.Frames).UtcDateTime:u} to {(now + FrameRetention.Ahead).UtcDateTime:u} can be stored.");
            }
        }
    }

    private async Task Loop(CancellationToken cancellationToken)
    {
        WriterSession? session = null;
        var group = new List<PendingBatch>();
        try
        {
            while (true)
            {
                var failures = Volatile.Read(ref _failures);
                session ??= await Connect(cancellationToken);
                if (session is null || !await _queue.Reader.WaitToReadAsync(cancellationToken))
                {
                    return;
                }

                // When another connection has failed while this one was idle, this one is most likely dead too: better a new one than a refused group.
                var doubtful = failures != Volatile.Read(ref _failures);
                if (doubtful || (Take(group) && !await Store(session, group, cancellationToken)))
                {
                    await session.DisposeAsync();
                    session = null;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The host's patience with a slow shutdown has ended.
        }
        finally
        {
            if (session is not null)
            {
                await session.DisposeAsync();
            }
        }
    }

    /// <summary>A session once the database answers; null when the server stops before that.</summary>
    private async Task<WriterSession?> Connect(CancellationToken cancellationToken)
    {
        var first = true;
        while (true)
        {
            try
            {
                var connection = await source.OpenConnectionAsync(cancellationToken);
                if (_away)
                {
                    _memory = new FrameMemory();
                    _away = false;
                    LogConnected();
                }

                return new WriterSession(connection, _memory);
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException or System.Net.Sockets.SocketException)
            {
                _away = true;
                if (first)
                {
                    LogAway(e.Message);
                    first = false;
                }
            }

            RefuseQueued("The database cannot be reached at the moment.", options.Value.RetryAfterAway);
            if (_stopping)
            {
                return null;
            }

            await Task.Delay(options.Value.ReconnectInterval, time, cancellationToken);
        }
    }

    private bool Take(List<PendingBatch> group)
    {
        group.Clear();
        var rows = 0;
        lock (_taking)
        {
            while (_queue.Reader.TryPeek(out var next) && (rows == 0 || rows + next.Frames.Count <= options.Value.RowsPerCommit))
            {
                _queue.Reader.TryRead(out _); // Under the lock it is the one that was seen.
                group.Add(next);
                rows += next.Weight;
            }
        }

        return group.Count > 0;
    }

    /// <summary>Writes the group and tells its callers; false when the connection is to be given up.</summary>
    private async Task<bool> Store(WriterSession session, List<PendingBatch> group, CancellationToken cancellationToken)
    {
        try
        {
            var started = time.GetTimestamp();
            var receipts = await session.Store(group, cancellationToken);
            instruments.Committed(receipts, time.GetElapsedTime(started));
            for (var i = 0; i < group.Count; i++)
            {
                group[i].Succeed(receipts[i]);
            }

            return true;
        }
        catch (Exception e) when (IsBadData(e) && group.Count > 1)
        {
            return await StoreOneByOne(session, group, cancellationToken);
        }
        catch (Exception e) when (IsBadData(e))
        {
            LogBadBatch(group[0].Batch.Source, e.Message);
            group[0].Fail(new ArgumentException($"The batch of {group[0].Batch.Source} cannot be stored: {e.Message}", e));
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // Whether a commit that was under way has happened is unknown; the repetition finds out by the primary key.
            _away = true;
            Interlocked.Increment(ref _failures);
            LogWriteFailed(group.Sum(pending => pending.Frames.Count), e.Message);
            foreach (var pending in group)
            {
                pending.Fail(new WriterBusyException("The database did not commit.", options.Value.RetryAfterAway, e));
            }

            return false;
        }
        finally
        {
            Interlocked.Add(ref _queuedFrames, -group.Sum(pending => pending.Weight));
        }
    }

    /// <summary>One batch that PostgreSQL cannot take must not cost the others of its group.</summary>
    private async Task<bool> StoreOneByOne(WriterSession session, List<PendingBatch> group, CancellationToken cancellationToken)
    {
        var whole = true;
        foreach (var pending in group)
        {
            // The caller takes the whole group off the count.
            Interlocked.Add(ref _queuedFrames, pending.Weight);
            if (whole)
            {
                whole = await Store(session, [pending], cancellationToken);
            }
            else
            {
                Interlocked.Add(ref _queuedFrames, -pending.Weight);
                pending.Fail(new WriterBusyException("The database did not commit.", options.Value.RetryAfterAway));
            }
        }

        return whole;
    }

    /// <summary>
    /// Class 22 (data exception) and 23 (constraint) say that this data will never fit; a missing partition (23514) is made at the next try. Late frames of an hour whose
    /// sealed ones are damaged cannot be told from repetitions.
    /// </summary>
    private static bool IsBadData(Exception e) => e is InvalidDataException
        || (e is PostgresException { SqlState: not PostgresErrorCodes.CheckViolation and var state }
            && (state.StartsWith("22", StringComparison.Ordinal) || state.StartsWith("23", StringComparison.Ordinal)));

    private void RefuseQueued(string reason, TimeSpan retryAfter)
    {
        while (_queue.Reader.TryRead(out var pending))
        {
            Interlocked.Add(ref _queuedFrames, -pending.Weight);
            pending.Fail(new WriterBusyException(reason, retryAfter));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Frame writer connected to the database")]
    private partial void LogConnected();

    [LoggerMessage(Level = LogLevel.Error, Message = "Frame writer cannot reach the database, senders are told to come back: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Commit of {Frames} frames failed, senders are told to come back: {Reason}")]
    private partial void LogWriteFailed(int frames, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Batch of {Source} refused by the database: {Reason}")]
    private partial void LogBadBatch(string source, string reason);
}
