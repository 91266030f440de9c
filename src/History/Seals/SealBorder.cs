namespace EnergyTTT.History.Seals;

/// <summary>Frames before the border are sealed or about to be. It moves on only, so one that was seen holds for ever, and is looked at again before every commit.</summary>
internal sealed class SealBorder
{
    private long _ticks;

    /// <summary>Whether a frame of that moment is before the border that was last seen.</summary>
    public bool IsBehind(DateTime moment) => moment.Ticks < Interlocked.Read(ref _ticks);

    /// <summary>Takes note of the border; null: there is none yet.</summary>
    public void See(DateTime? border)
    {
        if (border is { } seen && seen.Ticks > Interlocked.Read(ref _ticks))
        {
            Interlocked.Exchange(ref _ticks, seen.Ticks);
        }
    }
}
