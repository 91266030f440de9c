using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.History.Runs;

/// <summary>The words under which origins and states are stored: those of the wire.</summary>
public static class RunWords
{
    /// <summary>The word of an origin.</summary>
    public static string Of(Origin origin) => origin switch
    {
        Wire.Telemetry.Origin.Measured => "measured",
        Wire.Telemetry.Origin.Replayed => "replayed",
        Wire.Telemetry.Origin.Modelled => "modelled",
        _ => "simulated",
    };

    /// <summary>The origin of a word.</summary>
    public static Origin Origin(string word) => word switch
    {
        "measured" => Wire.Telemetry.Origin.Measured,
        "replayed" => Wire.Telemetry.Origin.Replayed,
        "modelled" => Wire.Telemetry.Origin.Modelled,
        _ => Wire.Telemetry.Origin.Simulated,
    };

    /// <summary>The word of a state.</summary>
    public static string Of(RunState state) => state switch
    {
        RunState.Running => "running",
        RunState.Completed => "completed",
        RunState.Aborted => "aborted",
        _ => "failed",
    };

    /// <summary>The state of a word.</summary>
    public static RunState State(string word) => word switch
    {
        "running" => RunState.Running,
        "completed" => RunState.Completed,
        "aborted" => RunState.Aborted,
        _ => RunState.Failed,
    };
}
