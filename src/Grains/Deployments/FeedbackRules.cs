using System.Collections.Immutable;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Deployments;

/// <summary>What makes a chunk of feedback acceptable. Everything that is wrong is named at once; a wrong chunk changes nothing.</summary>
internal static class FeedbackRules
{
    private const int SampleRows = 16;
    private const int LongestDigest = 64;
    private const int SignatureLength = 64;

    public static ImmutableArray<SteeringProblem> Check(AppliedEpoch applied, DeploymentDescription deployment, long newestEpoch)
    {
        var problems = ImmutableArray.CreateBuilder<SteeringProblem>();
        if (!deployment.Replicas.Any(replica => replica.Id == applied.Replica))
        {
            problems.Add(new("replica", "unknown_replica", $"'{applied.Replica}' is none of the deployment's replicas; put it into the deployment first"));
        }

        if (applied.Epoch < 0 || applied.Epoch > newestEpoch)
        {
            problems.Add(new("epoch", "unknown_epoch", $"epoch is {applied.Epoch}; the newest that was issued is {newestEpoch}"));
        }

        if (applied.RanksApplied < 0)
        {
            problems.Add(new("ranks_applied", "negative", $"ranks_applied is {applied.RanksApplied}; it is 0 or more"));
        }

        if (applied.BiasSha256.Length != LongestDigest || !applied.BiasSha256.All(char.IsAsciiHexDigit))
        {
            problems.Add(new("bias_sha256", "not_a_digest", $"{LongestDigest} hexadecimal digits are expected"));
        }

        return problems.ToImmutable();
    }

    public static ImmutableArray<SteeringProblem> Check(ChunkFeedback feedback, DeploymentDescription deployment, long newestEpoch)
    {
        var problems = ImmutableArray.CreateBuilder<SteeringProblem>();
        void Refuse(string field, string code, string reason) => problems.Add(new(field, code, reason));

        if (feedback.Layers.Any(layer => layer is null))
        {
            Refuse("layers", "missing", "an entry of layers is null; each one is an object");
            return problems.ToImmutable();
        }

        if (!deployment.Replicas.Any(replica => replica.Id == feedback.Replica))
        {
            Refuse("replica", "unknown_replica", $"'{feedback.Replica}' is none of the deployment's replicas; put it into the deployment first");
        }

        if (feedback.Chunk < 0)
        {
            Refuse("chunk", "negative", $"chunk is {feedback.Chunk}; it counts up from 0");
        }

        if (feedback.Epoch < 0 || feedback.Epoch > newestEpoch)
        {
            Refuse("epoch", "unknown_epoch", $"epoch is {feedback.Epoch}; the newest that was issued is {newestEpoch}");
        }

        if (feedback.Tokens is <= 0 or > 1 << 30)
        {
            Refuse("tokens", "out_of_range", $"tokens is {feedback.Tokens}; a chunk has 1 to {1 << 30}");
        }

        if (!(feedback.BatchTokens > 0 && feedback.BatchTokens <= 1 << 24))
        {
            Refuse("batch_tokens", "out_of_range", $"batch_tokens is {feedback.BatchTokens}; it lies above 0 and at most {1 << 24}");
        }

        NotNegative("latency_ms", feedback.LatencyMs);
        NotNegative("energy_joules", feedback.EnergyJoules);
        NotNegative("queue", feedback.Queue);
        if (feedback.Loss is { } loss && !double.IsFinite(loss))
        {
            Refuse("loss", "not_finite", "loss is not finite; leave it out when it is not known");
        }

        if (feedback.BiasSpace is { } space && space != deployment.BiasSpace)
        {
            Refuse("bias_space", "bias_space_mismatch", $"the engine adds a bias in {space}, the deployment says {deployment.BiasSpace}; a bias in the wrong space destroys the gate");
        }

        if (feedback.Signature is { } signature && (signature.Count != SignatureLength || !signature.All(float.IsFinite)))
        {
            Refuse("signature", "vector_length", $"signature has {signature.Count} numbers; {SignatureLength} finite ones are expected");
        }

        if (feedback.Layers.Count != deployment.Layers)
        {
            Refuse("layers", "layer_count", $"there are {feedback.Layers.Count} layers; the deployment has {deployment.Layers}");
        }

        var seen = new HashSet<int>();
        for (var i = 0; i < feedback.Layers.Count; i++)
        {
            CheckLayer(feedback.Layers[i], $"layers[{i}]");
        }

        return problems.ToImmutable();

        void NotNegative(string field, double? value)
        {
            if (value is { } known && !(double.IsFinite(known) && known >= 0))
            {
                Refuse(field, "negative", $"{field} is {known}; it is 0 or more, or absent when not known");
            }
        }

        void CheckLayer(LayerFeedback layer, string at)
        {
            if (layer.Layer < 0 || layer.Layer >= deployment.Layers || !seen.Add(layer.Layer))
            {
                Refuse(at + ".layer", "unknown_layer", $"layer is {layer.Layer}; each of 0 to {deployment.Layers - 1} is expected once");
            }

            Length(at + ".expert_counts", layer.ExpertCounts.Count);
            Length(at + ".mean_gate_probability", layer.MeanGateProbability.Count);
            var slots = feedback.Tokens * deployment.TopK;
            if (layer.ExpertCounts.Any(count => count < 0 || count > feedback.Tokens))
            {
                Refuse(at + ".expert_counts", "out_of_range", $"a count lies in 0 to {feedback.Tokens}, the tokens of the chunk");
            }
            else if (layer.ExpertCounts.Sum() > slots)
            {
                Refuse(at + ".expert_counts", "too_many_slots", $"the counts sum to {layer.ExpertCounts.Sum()}; {feedback.Tokens} tokens have {slots} slots");
            }

            if (layer.MeanGateProbability.Any(probability => !(probability >= 0 && probability <= 1)))
            {
                Refuse(at + ".mean_gate_probability", "not_a_probability", "every entry lies in 0 to 1");
            }

            Ratio(at + ".retained_mass_mean", layer.RetainedMassMean);
            Ratio(at + ".retained_mass_p01", layer.RetainedMassP01);
            NotNegative(at + ".kl_mean", layer.KlMean);
            NotNegative(at + ".distinct_experts_mean", layer.DistinctExpertsMean);
            NotNegative(at + ".guard_trips", layer.GuardTrips);
            if (layer.MarginHistogram is { } histogram && (histogram.Count != 16 || histogram.Any(count => count < 0)))
            {
                Refuse(at + ".margin_histogram", "vector_length", $"the histogram has {histogram.Count} bins; 16 counts of 0 or more are expected");
            }

            if (layer.GradientNorms is { } norms)
            {
                Vector(at + ".gradient_norms", norms);
            }

            if (layer.ActivationEnergy is { } energy)
            {
                Vector(at + ".activation_energy", energy);
            }

            if (layer.GateSample is { } sample && GateSamples.Rows(sample, deployment.Experts) is not (>= 1 and <= SampleRows))
            {
                Refuse(at + ".gate_sample", "gate_sample", $"base64 of 1 to {SampleRows} rows of {deployment.Experts} little-endian float16 is expected");
            }
        }

        void Length(string field, int count)
        {
            if (count != deployment.Experts)
            {
                Refuse(field, "vector_length", $"there are {count} entries; the deployment has {deployment.Experts} experts");
            }
        }

        void Vector(string field, IReadOnlyList<float> values)
        {
            Length(field, values.Count);
            if (values.Any(value => !(float.IsFinite(value) && value >= 0)))
            {
                Refuse(field, "not_finite", "every entry is finite and 0 or more");
            }
        }

        void Ratio(string field, double? value)
        {
            // Rounding in an engine may put a mean of ones a hair above 1.
            if (value is { } known && !(known >= 0 && known <= 1.0001))
            {
                Refuse(field, "out_of_range", $"{field} is {known}; it lies in 0 to 1");
            }
        }
    }
}
