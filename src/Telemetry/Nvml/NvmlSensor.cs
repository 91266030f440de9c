namespace EnergyTTT.Telemetry.Nvml;

/// <summary>One sensor of one card as probing found it: the entry of its passport, and whether it is worth asking again.</summary>
internal sealed class NvmlSensor(string name, string source, double? averagedSeconds = null)
{
    /// <summary>The field of a frame that it feeds.</summary>
    public string Name => name;

    /// <summary>The entry point or field that answers.</summary>
    public string Source { get; set; } = source;

    /// <summary>Seconds that one reading averages over; null is unknown.</summary>
    public double? AveragedSeconds { get; set; } = averagedSeconds;

    /// <summary>What the newest call answered.</summary>
    public NvmlReturn Answer { get; set; } = NvmlReturn.FunctionNotFound;

    /// <summary>Why a sensor that answers is not used, or what a reader should know.</summary>
    public string? Note { get; set; }

    /// <summary>Seconds between changes, once watched.</summary>
    public double? TickSeconds { get; set; }

    /// <summary>Whether it ever answered: then it is asked on, whatever it says in between.</summary>
    public bool Supported { get; set; }

    /// <summary>Whether asking makes sense: it answered, or said only that it could not answer just now.</summary>
    public bool Ask => Supported || Answer.Meaning() is NvmlMeaning.Stale;

    /// <summary>Gives the sensor up although it answered.</summary>
    public void Deny(string reason) => (Supported, Answer, Note) = (false, NvmlReturn.NotSupported, reason);
}
