using EnergyTTT.History.Audits;

namespace EnergyTTT.Portal.Audits;

/// <summary>Whether the chain of the log holds, asked anew at most every <see cref="Freshness"/> for all who look.</summary>
public sealed class AuditWatch(AuditLog log, TimeProvider clock) : IDisposable
{
    /// <summary>How old the answer may be.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private AuditVerdict? _known;

    /// <summary>Follows the log from its first entry, or answers what was found a moment ago.</summary>
    public async Task<AuditVerdict> Look(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var now = clock.GetUtcNow();
            if (_known is null || now - _known.At > Freshness)
            {
                var chain = await log.Verify(cancellationToken);
                _known = new(chain.Entries, chain.Head, chain.BrokenAt, chain.Fault, now);
            }

            return _known;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();
}

/// <summary>What following the chain found.</summary>
/// <param name="Entries">Whole entries from the first on.</param>
/// <param name="Head">SHA-256 of the last whole one, 64 hexadecimal digits.</param>
/// <param name="BrokenAt">The first entry that does not follow; null: all do.</param>
/// <param name="Fault">What is wrong with it.</param>
/// <param name="At">When it was looked at.</param>
public sealed record AuditVerdict(long Entries, string Head, long? BrokenAt, string? Fault, DateTimeOffset At);
