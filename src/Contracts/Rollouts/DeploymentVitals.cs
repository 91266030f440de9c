using System.Collections.Immutable;

namespace EnergyTTT.Contracts.Rollouts;

/// <summary>What a deployment says to a rollout: what its routers apply, and what went wrong since it woke up.</summary>
/// <param name="Applied">Per layer the version that its router said it applies; -1 when it said nothing yet.</param>
/// <param name="Replicas">Replicas that reported since it woke up.</param>
/// <param name="Confirmed">Replicas whose receipt for the epoch in force matches.</param>
/// <param name="Counted">Chunks that were counted since it woke up.</param>
/// <param name="Refused">Chunks that were refused, and receipts that did not match, since it woke up.</param>
/// <param name="Silent">Replicas that were not heard of for 15 s although they reported before.</param>
[GenerateSerializer, Immutable, Alias("deployment-vitals")]
public sealed record DeploymentVitals(
    [property: Id(0)] ImmutableArray<long> Applied,
    [property: Id(1)] int Replicas,
    [property: Id(2)] int Confirmed,
    [property: Id(3)] long Counted,
    [property: Id(4)] long Refused,
    [property: Id(5)] int Silent)
{
    /// <summary>What was not heard of for this long is silent.</summary>
    public static TimeSpan Silence { get; } = TimeSpan.FromSeconds(15);
}
