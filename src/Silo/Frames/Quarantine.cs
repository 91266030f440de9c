using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Silo.Frames;

/// <summary>One frame whose clock ran ahead, as it was kept.</summary>
/// <param name="Received">When it came, by the server's clock.</param>
/// <param name="Host">The host that sent it.</param>
/// <param name="Boot">The sender's run.</param>
/// <param name="Frame">The frame, untouched.</param>
public sealed record QuarantinedFrame(DateTimeOffset Received, string Host, string Boot, Frame Frame);

/// <summary>
/// Frames from hosts whose clock runs ahead, kept apart so that an operator can see which host it is. In memory and bounded: a frame in
/// quarantine was refused, so its sender still has it.
/// </summary>
public sealed class Quarantine(IOptions<IntakeOptions> options)
{
    private readonly Lock _gate = new();
    private readonly Queue<QuarantinedFrame> _kept = new();

    /// <summary>Frames quarantined since the start, those that gave way included.</summary>
    public long Count { get; private set; }

    /// <summary>Keeps a frame apart.</summary>
    public void Add(QuarantinedFrame frame)
    {
        lock (_gate)
        {
            Count++;
            _kept.Enqueue(frame);
            while (_kept.Count > options.Value.QuarantineKept)
            {
                _kept.Dequeue();
            }
        }
    }

    /// <summary>What is kept, oldest first.</summary>
    public IReadOnlyList<QuarantinedFrame> Kept()
    {
        lock (_gate)
        {
            return [.. _kept];
        }
    }
}
