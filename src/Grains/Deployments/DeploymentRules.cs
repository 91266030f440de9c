using System.Collections.Immutable;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Grains.Deployments;

/// <summary>What makes the description of a deployment acceptable.</summary>
internal static class DeploymentRules
{
    public static ImmutableArray<SteeringProblem> Check(DeploymentDescription deployment, IReadOnlySet<string> costTables)
    {
        var problems = ImmutableArray.CreateBuilder<SteeringProblem>();
        void Refuse(string field, string code, string reason) => problems.Add(new(field, code, reason));

        Within("layers", deployment.Layers, 1, 1024);
        Within("experts", deployment.Experts, 1, 4096);
        Within("layer_repeat", deployment.LayerRepeat ?? 1, 1, 1024);
        Within("top_k", deployment.TopK, 1, Math.Max(1, deployment.Experts));
        if (deployment.Gate == GateFunction.Softmax && deployment.BiasSpace is BiasSpace.SigmoidScore or BiasSpace.SqrtSoftplusScore
            || (deployment.Gate == GateFunction.Sigmoid && deployment.BiasSpace == BiasSpace.SoftmaxScore))
        {
            Refuse("bias_space", "bias_space_mismatch", $"a {deployment.Gate} gate has no {deployment.BiasSpace}; give logit or the gate's own score");
        }

        if (deployment.Replicas.Any(replica => replica is null || replica.Gpus.Any(gpu => gpu is null)))
        {
            Refuse("replicas", "missing", "an entry is null; replicas are objects and gpus are texts");
            return problems.ToImmutable();
        }

        if (deployment.Replicas.Count == 0)
        {
            Refuse("replicas", "empty", "a deployment needs at least one replica");
        }

        if (deployment.Replicas.GroupBy(replica => replica.Id).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            Refuse("replicas", "duplicate", $"the replica '{twice.Key}' is there {twice.Count()} times");
        }

        for (var i = 0; i < deployment.Replicas.Count; i++)
        {
            var replica = deployment.Replicas[i];
            var at = $"replicas[{i}]";
            if (replica.Id.Length is 0 or > 128)
            {
                Refuse(at + ".id", "out_of_range", "an id has 1 to 128 characters");
            }

            if (replica.Gpus.Count == 0 || replica.Gpus.FirstOrDefault(gpu => !GpuId.TryParse(gpu, out _)) is { } wrong && wrong.Length >= 0)
            {
                Refuse(at + ".gpus", "not_a_gpu", "at least one GPU is needed, each by its UUID");
            }

            if (replica.Placement is { } placement && (placement.Count != deployment.Experts || placement.Any(gpu => gpu < 0 || gpu >= replica.Gpus.Count)))
            {
                Refuse(at + ".placement", "vector_length", $"one position in gpus (0 to {replica.Gpus.Count - 1}) for each of {deployment.Experts} experts is expected");
            }
        }

        if (deployment.CostTable is { } table && !costTables.Contains(table))
        {
            Refuse("cost_table", "unknown_cost_table", $"there is no cost table '{table}'; known are {string.Join(", ", costTables.Order())}");
        }

        return problems.ToImmutable();

        void Within(string field, int value, int least, int greatest)
        {
            if (value < least || value > greatest)
            {
                Refuse(field, "out_of_range", $"{field} is {value}; it lies in {least} to {greatest}");
            }
        }
    }
}
