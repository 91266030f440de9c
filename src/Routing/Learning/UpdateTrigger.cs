namespace EnergyTTT.Routing.Learning;

/// <summary>When fast weights may learn: the first chunk is full, enough tokens are new, and enough time has passed. Not thread-safe.</summary>
/// <param name="chunkSize">Tokens of a chunk.</param>
/// <param name="frequency">New tokens that an update needs.</param>
/// <param name="interval">Least time between updates.</param>
internal sealed class UpdateTrigger(int chunkSize, int frequency, TimeSpan interval)
{
    /// <summary>Tokens since the start.</summary>
    public long TokensSeen { get; private set; }

    /// <summary>Tokens since the last update.</summary>
    public long TokensSinceUpdate { get; private set; }

    /// <summary>Time of the last update.</summary>
    public DateTimeOffset? LastUpdate { get; private set; }

    /// <summary>Counts tokens and says whether an update is due.</summary>
    public bool Observe(int tokens, DateTimeOffset time)
    {
        TokensSeen += tokens;
        TokensSinceUpdate += tokens;
        return TokensSeen >= chunkSize && TokensSinceUpdate >= frequency && (LastUpdate is not { } last || time - last >= interval);
    }

    /// <summary>Starts counting anew.</summary>
    public void Updated(DateTimeOffset time) => (TokensSinceUpdate, LastUpdate) = (0, time);

    public void Restore(long tokensSeen, long sinceUpdate, DateTimeOffset? lastUpdate) => (TokensSeen, TokensSinceUpdate, LastUpdate) = (tokensSeen, sinceUpdate, lastUpdate);
}
