namespace EnergyTTT.Telemetry.Nvml;

/// <summary>
/// How often one card is asked: 10 Hz, half as often each time that its calls take longer than 5 ms (the driver serialises everybody behind them), and
/// faster again once they have been quick for a while.
/// </summary>
internal sealed class CardPace
{
    private const int QuickRounds = 5;
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1.6);

    private TimeSpan _next = TimeSpan.MinValue;
    private readonly TimeSpan _shortest;
    private int _quick;

    /// <param name="shortest">The interval of a card that answers quickly.</param>
    public CardPace(TimeSpan shortest) => _shortest = Interval = shortest;

    /// <summary>The present interval between readings.</summary>
    public TimeSpan Interval { get; private set; }

    /// <summary>Whether it is time to ask, within a hair of the sampling loop's jitter.</summary>
    public bool Due(TimeSpan now) => now + TimeSpan.FromMilliseconds(5) >= _next;

    /// <summary>Takes in how long the calls of one reading took, and sets when the next is due.</summary>
    public void Took(TimeSpan now, TimeSpan latency)
    {
        if (latency > Slow)
        {
            Interval = Interval * 2 < Longest ? Interval * 2 : Longest;
            _quick = 0;
        }
        else if (++_quick >= QuickRounds && Interval > _shortest)
        {
            Interval = Interval / 2 > _shortest ? Interval / 2 : _shortest;
            _quick = 0;
        }

        _next = now + Interval;
    }
}
