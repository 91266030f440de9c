using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Experiments.Recordings;

/// <summary>Records a run in two places, the file first: a server that goes away costs nothing that the file has.</summary>
public sealed class BothRecorders(IRunRecorder first, IRunRecorder second) : IRunRecorder
{
    /// <inheritdoc/>
    public async Task Start(RunBundle bundle, CancellationToken cancellationToken)
    {
        await first.Start(bundle, cancellationToken);
        await second.Start(bundle, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task Record(Guid run, RunTrial trial, CancellationToken cancellationToken)
    {
        await first.Record(run, trial, cancellationToken);
        await second.Record(run, trial, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task Finish(RunBundle bundle, CancellationToken cancellationToken)
    {
        await first.Finish(bundle, cancellationToken);
        await second.Finish(bundle, cancellationToken);
    }
}
