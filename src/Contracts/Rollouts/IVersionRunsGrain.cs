namespace EnergyTTT.Contracts.Rollouts;

/// <summary>
/// Opens a run for every version of a policy that takes effect and ends it when the version was in force long enough, or another one took its place. Key: <c>version-runs/all</c>, one for
/// the cluster. Keeps nothing itself: what it did stands in the history of runs, so that any silo may go on with it.
/// </summary>
[GrainInterfaceType("version-runs")]
public interface IVersionRunsGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "version-runs/all";

    /// <summary>Looks at what took effect.</summary>
    [Alias("look")]
    Task Look(CancellationToken cancellationToken = default);
}
