using System.Collections.Immutable;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Routers;

namespace EnergyTTT.Portal.Deployments;

/// <summary>What pages ask about deployments and routers, and what people may change there. Tests put their own here.</summary>
public interface ISteeringSource
{
    /// <summary>All deployments by name.</summary>
    Task<ImmutableArray<DeploymentView>> Deployments(CancellationToken cancellationToken);

    /// <summary>One deployment; null when nobody has put it.</summary>
    Task<DeploymentView?> Deployment(string name, CancellationToken cancellationToken);

    /// <summary>The ledger of a deployment's finished minutes in a range.</summary>
    Task<ImmutableArray<LedgerEntry>> Ledger(string deployment, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken);

    /// <summary>What the router of a layer knows and does.</summary>
    Task<RouterView> Router(string deployment, int layer, CancellationToken cancellationToken);

    /// <summary>The newest epochs of a layer, newest first.</summary>
    Task<ImmutableArray<StoredEpoch>> Epochs(string deployment, int layer, int limit, CancellationToken cancellationToken);

    /// <summary>The kept snapshots of a router, newest first.</summary>
    Task<ImmutableArray<SnapshotEntry>> Snapshots(string deployment, int layer, CancellationToken cancellationToken);

    /// <summary>How far apart two snapshots are; null when one is not kept.</summary>
    Task<SnapshotComparison?> Compare(string deployment, int layer, long left, long right, CancellationToken cancellationToken);

    /// <summary>The gate samples that can be explained, newest first.</summary>
    Task<ImmutableArray<SampleKey>> Samples(string deployment, int layer, CancellationToken cancellationToken);

    /// <summary>Why one row of a sample goes where it goes; null when it is not kept.</summary>
    Task<RouteExplanation?> Explain(string deployment, int layer, string replica, long chunk, int row, CancellationToken cancellationToken);

    /// <summary>Stops or resumes learning.</summary>
    Task Freeze(string deployment, int layer, bool frozen, CancellationToken cancellationToken);

    /// <summary>Takes a snapshot that is kept for ever. Null when done, else why not.</summary>
    Task<string?> TakeSnapshot(string deployment, int layer, CancellationToken cancellationToken);

    /// <summary>Goes back to a snapshot. Null when done, else why not.</summary>
    Task<string?> RollBack(string deployment, int layer, long snapshot, CancellationToken cancellationToken);

    /// <summary>Gives a snapshot to a router of another deployment. Null when done, else why not.</summary>
    Task<string?> Fork(string deployment, int layer, long snapshot, string target, int targetLayer, CancellationToken cancellationToken);
}
