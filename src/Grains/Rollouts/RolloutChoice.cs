using System.Collections.Immutable;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.History.Deployments;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;

namespace EnergyTTT.Grains.Rollouts;

/// <summary>Makes racks and names of a plan into the deployments that it may choose from, once and for all: who is chosen must not change while a rollout runs.</summary>
internal static class RolloutChoice
{
    /// <summary>The plan with its deployments, and everything that is wrong with it.</summary>
    /// <param name="plan">As it was asked for.</param>
    /// <param name="reached">The deployments that the scope reaches.</param>
    /// <param name="fleet">Where GPUs stand.</param>
    public static (RolloutPlan Plan, ImmutableArray<PolicyMistake> Mistakes) Of(RolloutPlan plan, ImmutableArray<StoredDeployment> reached, FleetSnapshot? fleet)
    {
        var mistakes = ImmutableArray.CreateBuilder<PolicyMistake>();
        foreach (var name in (plan.Deployments ?? []).Where(name => reached.All(one => one.Name != name)))
        {
            mistakes.Add(new("deployments", name, "a deployment of the scope", $"deployments names '{name}', which the scope does not reach; it reaches {Names(reached)}"));
        }

        var eligible = reached.Where(one => plan.Deployments?.Contains(one.Name, StringComparer.Ordinal) != false);
        if (plan.Racks is { } racks)
        {
            var rackOf = (fleet ?? FleetSnapshot.Empty).Gpus.Where(gpu => gpu.Rack is not null).ToDictionary(gpu => gpu.Gpu.Value, gpu => gpu.Rack!, StringComparer.Ordinal); // filtered
            foreach (var rack in racks.Where(rack => !rackOf.ContainsValue(rack)))
            {
                mistakes.Add(new("racks", rack, "a rack of the fleet", $"racks names '{rack}', in which no GPU was seen"));
            }

            eligible = eligible.Where(one => one.Description.Replicas.SelectMany(replica => replica.Gpus).All(gpu => rackOf.TryGetValue(gpu, out var rack) && racks.Contains(rack, StringComparer.Ordinal)));
        }

        ImmutableArray<StoredDeployment> chosen = [.. eligible];
        if (mistakes.Count == 0 && chosen.IsEmpty)
        {
            mistakes.Add(plan.Racks is null
                ? new("deployments", "", "at least one deployment", "the scope reaches no deployment yet: save the policy directly")
                : new("racks", string.Join(", ", plan.Racks), "racks that hold a whole deployment", $"no deployment stands with all of its GPUs in {string.Join(", ", plan.Racks)}; name more racks, or choose by deployments or share"));
        }

        return (plan with { Deployments = plan.Deployments is null && plan.Racks is null ? null : [.. chosen.Select(one => one.Name)] }, mistakes.ToImmutable());
    }

    private static string Names(ImmutableArray<StoredDeployment> reached) => reached.IsEmpty ? "none" : string.Join(", ", reached.Select(one => one.Name));
}
