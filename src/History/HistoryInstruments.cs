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
        _meter.CreateObservableGauge("energyttt.history.queue.frames", () => _queued(), "{frame}", "Frames that wait or are being written.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void ObserveQueue(Func<int> queued) => _queued = queued;

    internal void Refused(int frames) => _refused.Add(frames);

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
