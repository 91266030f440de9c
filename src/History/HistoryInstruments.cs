using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using EnergyTTT.History.Frames;

namespace EnergyTTT.History;

/// <summary>The metrics of this room, meter <c>EnergyTTT.History</c>.</summary>
public sealed class HistoryInstruments : IDisposable
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "EnergyTTT.History";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _stored;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _refused;
    private readonly Histogram<double> _commit;
    private readonly Histogram<int> _rows;
    private readonly Histogram<double> _rollup;
    private readonly Counter<long> _sealed;
    private readonly Counter<long> _sealedBytes;
    private readonly Counter<long> _sealFailures;
    private long _sealedUntil;
    private Func<int> _queued = () => 0;

    /// <summary>Creates the instruments.</summary>
    public HistoryInstruments()
    {
        _stored = _meter.CreateCounter<long>("energyttt.history.frames.stored", "{frame}", "Frames committed for the first time.");
        _duplicates = _meter.CreateCounter<long>("energyttt.history.frames.duplicate", "{frame}", "Frames that had been stored before.");
        _refused = _meter.CreateCounter<long>("energyttt.history.frames.refused", "{frame}", "Frames whose sender was told to come back because the queue was full.");
        _commit = _meter.CreateHistogram<double>("energyttt.history.commit.duration", "s", "Time from taking a group to its commit.");
        _rows = _meter.CreateHistogram<int>("energyttt.history.commit.rows", "{row}", "Rows in one commit.");
        _rollup = _meter.CreateHistogram<double>("energyttt.history.rollup.duration", "s", "Time of one round of roll-ups.");
        _sealed = _meter.CreateCounter<long>("energyttt.history.sealed.frames", "{frame}", "Frames packed, those packed again with late ones included.");
        _sealedBytes = _meter.CreateCounter<long>("energyttt.history.sealed.bytes", "By", "Bytes of packed frames written.");
        _sealFailures = _meter.CreateCounter<long>("energyttt.history.seal.failures", "{failure}", "Rounds of sealing, or hours of a GPU, that failed and stay as rows.");
        _meter.CreateObservableGauge("energyttt.history.sealed.until", () => Interlocked.Read(ref _sealedUntil), "s", "Up to when frames are sealed, in seconds since 1970; 0: nothing yet, or another process seals.");
        _meter.CreateObservableGauge("energyttt.history.queue.frames", () => _queued(), "{frame}", "Frames that wait or are being written.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void ObserveQueue(Func<int> queued) => _queued = queued;

    internal void Refused(int frames) => _refused.Add(frames);

    internal void Sealed(long frames, long bytes)
    {
        _sealed.Add(frames);
        _sealedBytes.Add(bytes);
    }

    internal void SealFailed() => _sealFailures.Add(1);

    internal void SealedUntil(DateTime? until) => Interlocked.Exchange(ref _sealedUntil, until is { } moment ? (long)(moment - DateTime.UnixEpoch).TotalSeconds : 0);

    internal void RolledUp(TimeSpan elapsed) => _rollup.Record(elapsed.TotalSeconds);

    internal void Committed(ImmutableArray<WriteReceipt> receipts, TimeSpan elapsed)
    {
        var stored = 0;
        var duplicates = 0;
        foreach (var receipt in receipts)
        {
            stored += receipt.Accepted;
            duplicates += receipt.Duplicates;
        }

        _stored.Add(stored);
        _duplicates.Add(duplicates);
        _commit.Record(elapsed.TotalSeconds);
        _rows.Record(stored);
    }
}
