namespace EnergyTTT.Routing.Learning;

/// <summary>When fast weights may learn: the first chunk is full, enough tokens are new, and enough time has passed. Not thread-safe.</summary>
/// <param name="chunkSize">Tokens of a chunk.</param>
/// <param name="frequency">New tokens that an update needs.</param>
/// <param name="interval">Least time between updates.</param>
internal sealed class UpdateTrigger(int chunkSize, int frequency, TimeSpan interval)
{
    /// <summary>Tokens since the router was made.</summary>
    public long TokensSeen { get; private set; }

    /// <summary>The tokens that were seen when the first chunk of this learner began: 0 unless it goes on from exported weights.</summary>
    public long FirstToken { get; private set; }

    /// <summary>Tokens since the last update.</summary>
    public long TokensSinceUpdate { get; private set; }

    /// <summary>Time of the last update.</summary>
    public DateTimeOffset? LastUpdate { get; private set; }

    /// <summary>Counts tokens and says whether an update is due.</summary>
    public bool Observe(int tokens, DateTimeOffset time)
    {
        TokensSeen += tokens;
        TokensSinceUpdate += tokens;
        return TokensSeen - FirstToken >= chunkSize && TokensSinceUpdate >= frequency && (LastUpdate is not { } last || time - last >= interval);
    }

    /// <summary>Starts counting anew.</summary>
    public void Updated(DateTimeOffset time) => (TokensSinceUpdate, LastUpdate) = (0, time);

    /// <summary>Goes on from weights that had seen so many tokens, with a first chunk of its own.</summary>
    public void Continue(long tokensSeen) => (TokensSeen, FirstToken) = (tokensSeen, tokensSeen);

    /// <summary>Goes on where another one stopped.</summary>
    public void Restore(long tokensSeen, long firstToken, long sinceUpdate, DateTimeOffset? lastUpdate) =>
        (TokensSeen, FirstToken, TokensSinceUpdate, LastUpdate) = (tokensSeen, firstToken, sinceUpdate, lastUpdate);
}
