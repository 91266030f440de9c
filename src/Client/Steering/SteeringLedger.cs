namespace EnergyTTT.Client.Steering;

/// <summary>Counts what the background loops did; read by <see cref="FleetSteering.Status"/>.</summary>
internal sealed class SteeringLedger
{
    private long _posted;
    private long _dropped;
    private long _refused;
    private long _retried;
    private long _receipts;
    private Exception? _lastProblem;

    public long Posted => Interlocked.Read(ref _posted);

    public long Dropped => Interlocked.Read(ref _dropped);

    public long Refused => Interlocked.Read(ref _refused);

    public long Retried => Interlocked.Read(ref _retried);

    public long Receipts => Interlocked.Read(ref _receipts);

    public Exception? LastProblem => Volatile.Read(ref _lastProblem);

    public long Epoch { get; private set; }

    public void Heard(long epoch) => Epoch = epoch;

    public void Failed(Exception error) => Volatile.Write(ref _lastProblem, error);

    public void CountPosted() => Interlocked.Increment(ref _posted);

    public void CountDropped() => Interlocked.Increment(ref _dropped);

    public void CountRefused() => Interlocked.Increment(ref _refused);

    public void CountRetried() => Interlocked.Increment(ref _retried);

    public void CountReceipt() => Interlocked.Increment(ref _receipts);
}
