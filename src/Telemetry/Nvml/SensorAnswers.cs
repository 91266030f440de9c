namespace EnergyTTT.Telemetry.Nvml;

/// <summary>Keeps what the calls on one card answered: per sensor, and the worst of one round of reading.</summary>
internal sealed class SensorAnswers
{
    private NvmlReturn _worst;

    /// <summary>Readings that were refused for a moment, since the card was opened.</summary>
    public long Stale { get; private set; }

    /// <summary>The answer of this round that is fatal for card or host; success where single sensors were merely silent.</summary>
    public NvmlReturn Fatal => _worst.Meaning() is NvmlMeaning.CardFailed or NvmlMeaning.HostFailed ? _worst : NvmlReturn.Success;

    /// <summary>Begins a round of reading.</summary>
    public void Begin() => _worst = NvmlReturn.Success;

    /// <summary>Notes an answer; true when it is a reading.</summary>
    public bool Note(NvmlSensor sensor, NvmlReturn code)
    {
        var meaning = code.Meaning();
        sensor.Answer = code;
        sensor.Supported |= meaning == NvmlMeaning.Read;
        Stale += meaning == NvmlMeaning.Stale ? 1 : 0;
        _worst = meaning > _worst.Meaning() ? code : _worst;
        return meaning == NvmlMeaning.Read;
    }

    /// <summary>Notes one field out of a call for several: the call succeeds when any field does, and fails as a whole when the card is gone.</summary>
    public bool Note(NvmlSensor sensor, NvmlReturn outer, in NvmlFieldValue field) =>
        Note(sensor, outer == NvmlReturn.Success || outer.Meaning() is NvmlMeaning.Absent && outer != NvmlReturn.FunctionNotFound ? field.Return : outer);
}
