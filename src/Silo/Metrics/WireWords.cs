using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Metrics;

/// <summary>The spelling of the wire's words outside JSON.</summary>
internal static class WireWords
{
    /// <summary>The origin as it is written in JSON.</summary>
    public static string Of(Origin origin) => origin switch
    {
        Origin.Measured => "measured",
        Origin.Replayed => "replayed",
        Origin.Modelled => "modelled",
        _ => "simulated",
    };
}
