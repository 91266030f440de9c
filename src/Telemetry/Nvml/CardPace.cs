namespace EnergyTTT.Telemetry.Nvml;

/// <summary>
/// How often one card is asked: half as often each time that asking takes too long (the driver serialises everybody behind it), and faster again once it has
/// been quick for a while.
/// </summary>
internal sealed class CardPace
{
    private const int QuickRounds = 5;
    // One slow round is a scheduler's hiccup as often as the driver's.
    private const int SlowRounds = 3;
    private const int Slowest = 16;

    private TimeSpan _next = TimeSpan.MinValue;
    private readonly TimeSpan _shortest;
    private readonly TimeSpan _slow;
    private int _quick;
    private int _slowRounds;

    /// <param name="shortest">The interval of a card that answers quickly.</param>
    /// <param name="slow">Asking that takes longer is slow.</param>
    public CardPace(TimeSpan shortest, TimeSpan slow) => (_shortest, Interval, _slow) = (shortest, shortest, slow);

    /// <summary>The present interval between readings.</summary>
    public TimeSpan Interval { get; private set; }

    /// <summary>Whether it is time to ask, within half a step of the sampling loop: a step that comes a little early must not be left out.</summary>
    public bool Due(TimeSpan now) => now + TimeSpan.FromMilliseconds(50) >= _next;

    /// <summary>Takes in how long the calls of one reading took, and sets when the next is due.</summary>
    public void Took(TimeSpan now, TimeSpan latency)
    {
        var slow = latency > _slow;
        _slowRounds = slow ? _slowRounds + 1 : 0;
        _quick = slow ? 0 : _quick + 1;
        if (_slowRounds >= SlowRounds)
        {
            Interval = Interval * 2 < _shortest * Slowest ? Interval * 2 : _shortest * Slowest;
            _slowRounds = 0;
        }
        else if (_quick >= QuickRounds && Interval > _shortest)
        {
            Interval = Interval / 2 > _shortest ? Interval / 2 : _shortest;
            _quick = 0;
        }

        _next = now + Interval;
    }
}
