namespace EnergyTTT.Wire.Runs;

/// <summary>
/// Where a run is recorded while it happens: a file beside the experiment, or a server. Calls come one after another; a call returns once its content is durable, so that a run that is killed is
/// found again with all its trials, still <see cref="RunState.Running"/>.
/// </summary>
public interface IRunRecorder
{
    /// <summary>The run begins; the bundle has its description and no trials.</summary>
    Task Start(RunBundle bundle, CancellationToken cancellationToken);

    /// <summary>A trial has ended.</summary>
    /// <param name="run">The run.</param>
    /// <param name="trial">The trial.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    Task Record(Guid run, RunTrial trial, CancellationToken cancellationToken);

    /// <summary>The run has ended, in whatever way; the bundle is whole.</summary>
    Task Finish(RunBundle bundle, CancellationToken cancellationToken);
}
