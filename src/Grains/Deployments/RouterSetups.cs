using System.Collections.Immutable;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.History.Deployments;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Grains.Deployments;

/// <summary>What each router was told last, so that it is told again only when something changed.</summary>
internal sealed class RouterSetups
{
    private readonly Dictionary<int, (long Revision, EffectivePolicy Policy)> _told = [];

    public void Forget() => _told.Clear();

    public void Forget(int layer) => _told.Remove(layer);

    /// <summary>The version of the policy that a router was told last; null when it must be told.</summary>
    public long? VersionTold(int layer) => _told.TryGetValue(layer, out var told) ? told.Policy.Version : null;

    public void Told(int layer, RouterSetup setup) => _told[layer] = (setup.Revision, setup.Policy);

    public RouterSetup? Changed(int layer, StoredDeployment stored, EffectivePolicy policy)
    {
        if (_told.TryGetValue(layer, out var told) && told == (stored.Revision, policy))
        {
            return null;
        }

        var description = stored.Description;
        return new RouterSetup
        {
            DeploymentId = stored.Id,
            Model = description.Model,
            Experts = description.Experts,
            TopK = description.TopK,
            Gate = description.Gate,
            BiasSpace = description.BiasSpace,
            CostTable = description.CostTable,
            Selector = description.Selector ?? EngineSelector.Full,
            IsSimulated = description.IsSimulated,

            // Replicas of one model are placed alike; the first one's placement stands for all.
            DeviceOfExpert = description.Replicas[0].Placement is { } placement ? [.. placement] : [],
            Policy = policy,
            Revision = stored.Revision,
        };
    }
}
