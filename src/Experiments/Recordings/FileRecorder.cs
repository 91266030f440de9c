using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Experiments.Recordings;

/// <summary>Writes a run into a bundle file as it goes. The file is replaced whole, so a run that is killed leaves the bundle of its last trial, still <c>running</c>, which reading calls aborted.</summary>
public sealed class FileRecorder(string folder) : IRunRecorder
{
    private RunBundle? _bundle;

    /// <summary>The file of a run.</summary>
    public string PathOf(RunBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        return Path.Combine(folder, $"{bundle.Run.Started:yyyyMMdd-HHmmss}-{bundle.Run.Kind}-{bundle.Run.Id.ToString()[^8..]}{RunBundleFile.Extension}");
    }

    /// <inheritdoc/>
    public Task Start(RunBundle bundle, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        _bundle = bundle;
        return Write(cancellationToken);
    }

    /// <inheritdoc/>
    public Task Record(Guid run, RunTrial trial, CancellationToken cancellationToken)
    {
        var bundle = _bundle is { } started && started.Run.Id == run ? started : throw new InvalidOperationException($"run {run} was not started here");
        _bundle = bundle with { Trials = [.. bundle.Trials, trial] };
        return Write(cancellationToken);
    }

    /// <inheritdoc/>
    public Task Finish(RunBundle bundle, CancellationToken cancellationToken)
    {
        _bundle = bundle;
        return Write(cancellationToken);
    }

    private async Task Write(CancellationToken cancellationToken)
    {
        var path = PathOf(_bundle!); // every caller has set it
        var draft = path + ".part";
        await File.WriteAllBytesAsync(draft, RunBundleFile.Write(_bundle!), cancellationToken);
        File.Move(draft, path, overwrite: true);
    }
}
