using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Frames;

/// <summary>One call of <see cref="IFrameWriter.Write"/> on its way to the disk.</summary>
internal sealed class PendingBatch(TelemetryBatch batch, IReadOnlyList<Frame> frames, DateTimeOffset received)
{
    private readonly TaskCompletionSource<WriteReceipt> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public TelemetryBatch Batch => batch;

    public IReadOnlyList<Frame> Frames => frames;

    public DateTimeOffset Received => received;

    /// <summary>What it counts for in the queue: a call without frames still takes a place.</summary>
    public int Weight => Math.Max(1, frames.Count);

    public Task<WriteReceipt> Completion => _done.Task;

    public void Succeed(WriteReceipt receipt) => _done.TrySetResult(receipt);

    public void Fail(Exception exception) => _done.TrySetException(exception);
}
