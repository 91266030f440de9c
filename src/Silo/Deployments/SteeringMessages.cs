using System.Collections.Immutable;
using System.Text.Json.Serialization;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Routers;

namespace EnergyTTT.Silo.Deployments;

/// <summary>A page of deployments.</summary>
public sealed record DeploymentPage(ImmutableArray<DeploymentView> Deployments, string? Cursor);

/// <summary>What became of a description.</summary>
public sealed record PutDeployment(string Deployment, long Revision);

/// <summary>The ledger of a deployment by minute; layer -1 is the whole model.</summary>
public sealed record LedgerPage(string Deployment, ImmutableArray<LedgerEntry> Entries);

/// <summary>Whether the engine's digest is ours.</summary>
public sealed record AppliedAnswer(bool Matches);

/// <summary>A page of epochs, newest first.</summary>
public sealed record EpochPage(ImmutableArray<StoredEpoch> Epochs, long? Cursor);

/// <summary>The snapshots of a router, newest first.</summary>
public sealed record SnapshotPage(ImmutableArray<SnapshotEntry> Snapshots);

/// <summary>Which snapshot to go back to.</summary>
public sealed record RestoreRequest(long Snapshot);

/// <summary>Whether learning stops or goes on.</summary>
public sealed record FreezeRequest(bool Frozen);

/// <summary>Where a snapshot goes; the newest one when no number is given.</summary>
public sealed record ForkRequest(string Deployment, int Layer, long? Snapshot = null);

/// <summary>The gate samples that can be explained.</summary>
public sealed record SamplePage(ImmutableArray<SampleKey> Samples);

/// <summary>Source-generated JSON of steering as people see it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = true,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(DeploymentView))]
[JsonSerializable(typeof(DeploymentPage))]
[JsonSerializable(typeof(PutDeployment))]
[JsonSerializable(typeof(LedgerPage))]
[JsonSerializable(typeof(AppliedAnswer))]
[JsonSerializable(typeof(RouterView))]
[JsonSerializable(typeof(EpochPage))]
[JsonSerializable(typeof(SnapshotPage))]
[JsonSerializable(typeof(RestoreRequest))]
[JsonSerializable(typeof(FreezeRequest))]
[JsonSerializable(typeof(ForkRequest))]
[JsonSerializable(typeof(SamplePage))]
[JsonSerializable(typeof(SnapshotComparison))]
[JsonSerializable(typeof(RouteExplanation))]
internal sealed partial class SteeringJson : JsonSerializerContext;
