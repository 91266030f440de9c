using System.Collections.Frozen;
using System.Diagnostics.Metrics;

namespace EnergyTTT.Silo.Frames;

/// <summary>What the intake counts. The totals are read by <c>/metrics</c>, the instruments by OpenTelemetry.</summary>
public sealed class IntakeInstruments
{
    /// <summary>The name under which OpenTelemetry finds the instruments.</summary>
    public const string MeterName = "EnergyTTT.Intake";

    private readonly Counter<long> _acceptedCounter;
    private readonly Counter<long> _duplicateCounter;
    private readonly Counter<long> _rejectedCounter;
    private readonly Histogram<double> _acknowledgement;
    private readonly FrozenDictionary<string, long[]> _rejected = RefusalCodes.All.ToFrozenDictionary(code => code, _ => new long[1]);
    private long _accepted;
    private long _duplicates;
    private long _batches;
    private long _busy;

    /// <summary>Registers the instruments.</summary>
    public IntakeInstruments(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _acceptedCounter = meter.CreateCounter<long>("energyttt.intake.frames.accepted", "{frame}", "Frames stored for the first time.");
        _duplicateCounter = meter.CreateCounter<long>("energyttt.intake.frames.duplicate", "{frame}", "Frames that had been stored before.");
        _rejectedCounter = meter.CreateCounter<long>("energyttt.intake.frames.rejected", "{frame}", "Refusals and remarks by code.");
        _acknowledgement = meter.CreateHistogram<double>("energyttt.intake.acknowledgement.duration", "s", "From the last byte of a batch to its committed acknowledgement.");
    }

    /// <summary>Frames stored for the first time since the start.</summary>
    public long Accepted => Volatile.Read(ref _accepted);

    /// <summary>Frames that had been stored before, since the start.</summary>
    public long Duplicates => Volatile.Read(ref _duplicates);

    /// <summary>Batches acknowledged since the start.</summary>
    public long Batches => Volatile.Read(ref _batches);

    /// <summary>Batches answered 429 since the start.</summary>
    public long Busy => Volatile.Read(ref _busy);

    /// <summary>Refusals and remarks since the start by code.</summary>
    public IEnumerable<KeyValuePair<string, long>> Rejected => _rejected.Select(entry => KeyValuePair.Create(entry.Key, Volatile.Read(ref entry.Value[0])));

    /// <summary>Counts an acknowledged batch.</summary>
    public void Acknowledged(int accepted, int duplicates, TimeSpan duration)
    {
        Interlocked.Add(ref _accepted, accepted);
        Interlocked.Add(ref _duplicates, duplicates);
        Interlocked.Increment(ref _batches);
        _acceptedCounter.Add(accepted);
        _duplicateCounter.Add(duplicates);
        _acknowledgement.Record(duration.TotalSeconds);
    }

    /// <summary>Counts one refusal or remark.</summary>
    public void Refused(string code)
    {
        Interlocked.Increment(ref _rejected[code][0]);
        _rejectedCounter.Add(1, new KeyValuePair<string, object?>("code", code));
    }

    /// <summary>Counts a batch that was sent away because the database is behind.</summary>
    public void TurnedAway() => Interlocked.Increment(ref _busy);
}
