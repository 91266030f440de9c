using System.Collections.Immutable;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Routers;
using Orleans.Concurrency;

namespace EnergyTTT.Portal.Deployments;

/// <summary>Asks the grains for what is, and the history for what was.</summary>
public sealed class GrainSteeringSource(IGrainFactory grains, DeploymentStore deployments, EpochStore epochs, LedgerStore ledgers, SnapshotStore snapshots) : ISteeringSource
{
    /// <inheritdoc/>
    public async Task<ImmutableArray<DeploymentView>> Deployments(CancellationToken cancellationToken)
    {
        var known = await deployments.List(cancellationToken);
        var views = await Task.WhenAll(known.Select(deployment => Deployment(deployment.Name, cancellationToken)));
        return [.. views.OfType<DeploymentView>().OrderBy(view => view.Name, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public Task<DeploymentView?> Deployment(string name, CancellationToken cancellationToken) =>
        grains.GetGrain<IDeploymentGrain>(IDeploymentGrain.KeyOf(name)).View(cancellationToken);

    /// <inheritdoc/>
    public async Task<ImmutableArray<LedgerEntry>> Ledger(string deployment, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken) =>
        await deployments.Find(deployment, cancellationToken) is { } stored ? await ledgers.Read(stored.Id, from, to, cancellationToken) : [];

    /// <inheritdoc/>
    public Task<RouterView> Router(string deployment, int layer, CancellationToken cancellationToken) => Grain(deployment, layer).View(cancellationToken);

    /// <inheritdoc/>
    public async Task<ImmutableArray<StoredEpoch>> Epochs(string deployment, int layer, int limit, CancellationToken cancellationToken) =>
        await deployments.Find(deployment, cancellationToken) is { } stored ? await epochs.List(stored.Id, layer, long.MaxValue, limit, cancellationToken) : [];

    /// <inheritdoc/>
    public async Task<ImmutableArray<SnapshotEntry>> Snapshots(string deployment, int layer, CancellationToken cancellationToken) =>
        await deployments.Find(deployment, cancellationToken) is { } stored ? await snapshots.List(stored.Id, layer, cancellationToken) : [];

    /// <inheritdoc/>
    public Task<SnapshotComparison?> Compare(string deployment, int layer, long left, long right, CancellationToken cancellationToken) =>
        Grain(deployment, layer).Compare(left, right, cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<SampleKey>> Samples(string deployment, int layer, CancellationToken cancellationToken) => Grain(deployment, layer).Samples(cancellationToken);

    /// <inheritdoc/>
    public Task<RouteExplanation?> Explain(string deployment, int layer, string replica, long chunk, int row, CancellationToken cancellationToken) =>
        Grain(deployment, layer).Explain(replica, chunk, row, cancellationToken);

    /// <inheritdoc/>
    public Task Freeze(string deployment, int layer, bool frozen, CancellationToken cancellationToken) => Grain(deployment, layer).Freeze(frozen, cancellationToken);

    /// <inheritdoc/>
    public async Task<string?> TakeSnapshot(string deployment, int layer, CancellationToken cancellationToken) =>
        await Grain(deployment, layer).Snapshot("manual", promoted: true, cancellationToken) is null ? "the strategy in force has no fast weights" : null;

    /// <inheritdoc/>
    public Task<string?> RollBack(string deployment, int layer, long snapshot, CancellationToken cancellationToken) => Grain(deployment, layer).Restore(snapshot, cancellationToken);

    /// <inheritdoc/>
    public async Task<string?> Fork(string deployment, int layer, long snapshot, string target, int targetLayer, CancellationToken cancellationToken)
    {
        if (await deployments.Find(target, cancellationToken) is not { } taker || targetLayer < 0 || targetLayer >= taker.Description.Layers)
        {
            return $"there is no layer {targetLayer} of a deployment '{target}'";
        }

        return await deployments.Find(deployment, cancellationToken) is { } giver && await snapshots.Read(giver.Id, layer, snapshot, cancellationToken) is { } given
            ? await Grain(target, targetLayer).Adopt(given.Weights.AsImmutable(), given.Entry.Sidecar, cancellationToken)
            : $"there is no snapshot {snapshot}";
    }

    private IRouterGrain Grain(string deployment, int layer) => grains.GetGrain<IRouterGrain>(IRouterGrain.KeyOf(deployment, layer));
}
