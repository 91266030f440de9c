using EnergyTTT.Contracts.Routers;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Thermal;
using EnergyTTT.Selection.Affinities;
using EnergyTTT.Selection.Signatures;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Grains.Deployments;

/// <summary>
/// Where the next request should decode: <c>extra distinct experts x a_e + queue + heat</c>, within the load bound of the policy. It reads only what the deployment holds in memory.
/// </summary>
/// <remarks>
/// Queue and heat are priced in shares of what a stranger (cosine 0) would add to an even replica, so that the three terms keep their proportion at every batch size: twice the even load weighs
/// a sixth of a stranger, a shadow price of 1 a third. Source: router specification 3.5 for the terms; the shares were chosen in the simulated fleet (docs/measurements/simulated-fleet.md).
/// </remarks>
internal static class RequestPlacement
{
    private const double QueueShare = 1.0 / 6;
    private const double HeatShare = 1.0 / 3;

    public static PlacementAnswer Choose(
        PlacementQuestion question, DeploymentDescription deployment, ReplicaBook replicas, DeploymentDevices devices, EffectivePolicy policy, CostFit? fit, ref int turn)
    {
        var ids = deployment.Replicas;
        if (policy.Placement == PlacementRule.RoundRobin)
        {
            turn = (turn + 1) % ids.Count;
            var entry = replicas[ids[turn].Id];
            return new(entry.Id, new(Extra(question, deployment, entry), 0, 0));
        }

        var perExpert = (fit?.ActivationJoules.Value is > 0 and var joules ? joules : 1) * deployment.Layers;
        var even = Math.Max(1, ids.Average(replica => replicas[replica.Id].Load));
        var offers = new ReplicaOffer[ids.Count];
        var first = turn = (turn + 1) % ids.Count; // equal offers are taken in turn
        for (var i = 0; i < offers.Length; i++)
        {
            var entry = replicas[ids[(first + i) % ids.Count].Id];
            var stranger = ExtraExperts.FromSimilarity(deployment.Experts, deployment.TopK, Batch(entry), 0, 0) * perExpert;
            var heat = devices.HottestOfReplica.TryGetValue(entry.Id, out var hottest) ? ShadowPrice.Of(Celsius(hottest), policy.TargetTemperatureCelsius) : 0;
            offers[i] = new ReplicaOffer(
                entry.Id, Extra(question, deployment, entry), perExpert, stranger * QueueShare * (entry.Load / even), stranger * HeatShare * heat, entry.Load);
        }

        var chosen = offers[ReplicaChoice.Among(offers, 1, policy.PlacementLoadRatioMax - 1).Index];
        return new(chosen.Replica, new(chosen.ExtraExperts, chosen.QueueJoules, chosen.HeatJoules));
    }

    private static double Extra(PlacementQuestion question, DeploymentDescription deployment, ReplicaBook.Entry entry)
    {
        var cosine = question.Signature is { } asked && entry.Signature is { } own && asked.Count == own.Length ? SignatureSimilarity.Cosine([.. asked], own) : 0;

        return ExtraExperts.FromSimilarity(deployment.Experts, deployment.TopK, Batch(entry), cosine, entry.Unevenness);
    }

    private static int Batch(ReplicaBook.Entry entry) => (int)Math.Clamp(Math.Round(entry.BatchTokens), 0, 4096);

    private static double? Celsius(DeviceOutlook outlook) => outlook.ForecastCelsius ?? outlook.TemperatureCelsius;
}
