using EnergyTTT.Telemetry.Frames;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Nvml;

/// <summary>What is kept of one GPU, by its UUID, over re-initialisations of the library: its frames go on counting.</summary>
internal sealed class GpuTrack(NvmlCard card, TimeSpan sampleEvery)
{
    private GpuDescription? _told;
    private int _resetsTold;
    private bool _restarted;
    private RuntimePower _runtime = new(card.Description.PciBusId);

    /// <summary>The card as opened last.</summary>
    public NvmlCard Card { get; private set; } = card;

    public FrameBuilder Frames { get; } = new(card.Gpu, Origin.Measured, new FrameOptions { PowerLimitMaxWatts = card.Description.PowerLimitMaxWatts });

    /// <summary>When power is read: 5 ms a call are too many.</summary>
    public CardPace PowerPace { get; } = new(sampleEvery, TimeSpan.FromMilliseconds(5));

    /// <summary>When the counter and everything slow is read, and a frame cut: about twelve calls.</summary>
    public CardPace FramePace { get; } = new(TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(60));

    /// <summary>Why the card is not read: lost, in need of a reset, exchanged or out of reach; null while it is read.</summary>
    public string? Fault { get; private set; }

    /// <summary>Whether the fault is the card's own, so that only a reset mends it.</summary>
    public bool Failed { get; private set; }

    /// <summary>Whether the operating system has put the card to sleep.</summary>
    public bool Suspended { get; private set; }

    /// <summary>Whether everything of the present frame was read.</summary>
    public bool Complete { get; set; }

    /// <summary>Whether samples are wanted now.</summary>
    public bool Readable => Fault is null && !Suspended;

    public void Reopen(NvmlCard card)
    {
        if (_restarted)
        {
            Frames.ForgetCounter();
        }

        (Card, Fault, Failed, _restarted, _runtime) = (card, null, false, false, new RuntimePower(card.Description.PciBusId));
    }

    /// <param name="code">Why the card is not read any more.</param>
    public void Fail(NvmlReturn code)
    {
        Fault = code.Explain();
        Failed |= code.Meaning() == NvmlMeaning.CardFailed;
        // Whatever comes back after these has another counter; a library that only lost its connection has not.
        _restarted |= Failed || code is NvmlReturn.DriverNotLoaded or NvmlReturn.LibRmVersionMismatch;
    }

    public void LookForSleep() => Suspended = _runtime.Suspended;

    /// <summary>The number of counter resets if it grew since the last call, otherwise 0.</summary>
    public int Resets()
    {
        var grew = Frames.CounterResets > _resetsTold;
        _resetsTold = Frames.CounterResets;
        return grew ? _resetsTold : 0;
    }

    /// <summary>The description if it changed since it was told last, or in any case when <paramref name="anyway"/>.</summary>
    public GpuDescription? Tell(bool anyway)
    {
        var (state, reason) = Fault is not null ? (Failed ? "failed" : "degraded", Fault)
            : Card.Forbidden is { } forbidden ? ("degraded", forbidden)
            : Suspended ? ("ok", "suspended by the operating system: not read, so as not to wake it")
            : ("ok", null);
        var now = Card.Description with { State = state, StateReason = reason, Passport = Card.Passport(Frames.CounterResets) };
        if (!anyway && _told is { } told && told.State == now.State && told.StateReason == now.StateReason
            && told.Driver == now.Driver && told.Passport!.Sensors.SequenceEqual(now.Passport.Sensors))
        {
            return null;
        }

        return _told = now;
    }
}
