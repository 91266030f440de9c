using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Contracts.Runs;

/// <summary>
/// A run that is being recorded. Key: <c>run/UUID</c>. Called by the API on behalf of one recorder, whose calls come one after another; each may be repeated, and one that was answered as recorded is
/// durable. When the recorder is silent for longer than the options allow, the run is recorded as aborted, with what it had; a recorder that was only cut off goes on with it.
/// </summary>
[GrainInterfaceType("run")]
public interface IRunGrain : IGrainWithStringKey
{
    /// <summary>The key of a run's grain.</summary>
    static string KeyOf(Guid run) => "run/" + run.ToString("D");

    /// <summary>The run begins; the bundle has its description and no trials.</summary>
    [Alias("start")]
    Task<RunDecision> Start(RunBundle bundle, string recorder, CancellationToken cancellationToken = default);

    /// <summary>A trial has ended.</summary>
    [Alias("record")]
    Task<RunDecision> Record(RunTrial trial, string recorder, CancellationToken cancellationToken = default);

    /// <summary>The recorder is alive.</summary>
    [Alias("beat")]
    Task<RunDecision> Beat(string recorder, CancellationToken cancellationToken = default);

    /// <summary>The run has ended; the bundle is whole.</summary>
    [Alias("finish")]
    Task<RunDecision> Finish(RunBundle bundle, string recorder, CancellationToken cancellationToken = default);
}
