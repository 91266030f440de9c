using EnergyTTT.Experiments.Trials;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Meters;

/// <summary>Puts joules, and all else that a sensor knows, to the work of a trial.</summary>
internal interface ITrialMeter : IDisposable
{
    /// <summary>Where its joules come from.</summary>
    Origin Origin { get; }

    /// <summary>Latest readings of the device, for learners; null where nothing is read.</summary>
    GpuStatistics? Latest { get; }

    /// <summary>A trial begins.</summary>
    void Begin();

    /// <summary>The trial has ended: fills in seconds, tokens, joules, temperatures and codes.</summary>
    RunTrial Measure(RunTrial trial, TrialWork work);

    /// <summary>What the receipt says of the device and of its sensors.</summary>
    RunReceipt Describe(RunReceipt receipt, IReadOnlyList<RunTrial> trials);
}
