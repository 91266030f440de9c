using EnergyTTT.Silo.Problems;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Silo.Frames;

/// <summary>What a batch is answered: a receipt, or the problem that kept it out as a whole. Exactly one of the two is set.</summary>
public readonly record struct IntakeAnswer
{
    /// <summary>The receipt, given after the commit; null when there is a problem.</summary>
    public TelemetryReceipt? Receipt { get; private init; }

    /// <summary>Why nothing was taken; null when there is a receipt.</summary>
    public Problem? Problem { get; private init; }

    /// <summary>The HTTP status that goes with it.</summary>
    public int Status => Problem?.Status ?? 200;

    internal static IntakeAnswer Of(TelemetryReceipt receipt) => new() { Receipt = receipt };

    internal static IntakeAnswer Of(Problem problem) => new() { Problem = problem };
}
