using System.Buffers.Binary;
using EnergyTTT.Client.Epochs;
using EnergyTTT.Client.Steering;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Client.Feedback;

/// <summary>Turns a closed chunk into the message that travels.</summary>
internal static class FeedbackWriter
{
    /// <summary>Writes one chunk.</summary>
    public static ChunkFeedback Write(Chunk chunk, long number, IReadOnlyList<float>? signature, FleetSteeringOptions options)
    {
        var epoch = chunk.Epoch!; // A chunk is opened with an epoch before it is filled.
        var layers = new LayerFeedback[chunk.Layers.Length];
        double steps = 0;
        for (var layer = 0; layer < layers.Length; layer++)
        {
            layers[layer] = Write(chunk.Layers[layer], layer, options);
            steps = Math.Max(steps, chunk.Layers[layer].Steps);
        }

        return new ChunkFeedback
        {
            Replica = options.Replica,
            Chunk = number,
            Epoch = epoch.Number,
            Arm = epoch.Arm,
            Tokens = chunk.Tokens,
            Phase = chunk.Phase,
            BatchTokens = chunk.Tokens / Math.Max(1, steps),
            LatencyMs = chunk.LatencyMilliseconds,
            EnergyJoules = chunk.EnergyJoules,
            Loss = chunk.Loss,
            Queue = chunk.Queue,
            Signature = signature,
            BiasSpace = EpochInForce.ToWire(options.Shape.BiasSpace),
            Layers = layers,
        };
    }

    private static LayerFeedback Write(LayerChunk chunk, int layer, FleetSteeringOptions options)
    {
        var sampled = Math.Max(1, chunk.Sampled);
        var tokens = Math.Max(1, chunk.Tokens);
        var mean = Math.Min(1, chunk.RetainedMass / tokens);

        return new LayerFeedback
        {
            Layer = layer,
            ExpertCounts = [.. chunk.Counts],
            MeanGateProbability = [.. chunk.Probability.Select(sum => (float)(sum / sampled))],
            MarginHistogram = [.. chunk.Margins],
            RetainedMassMean = chunk.Tokens == 0 ? null : mean,
            RetainedMassP01 = chunk.Sampled == 0 ? null : Math.Min(mean, Percentile(chunk)),
            KlMean = chunk.Tokens == 0 || options.Shape.BiasSpace != Selection.Gates.BiasSpace.Logit ? null : chunk.Divergence / tokens,
            DistinctExpertsMean = chunk.Steps == 0 ? null : chunk.Distinct / chunk.Steps,
            GuardTrips = chunk.GuardTrips,
            GateSample = chunk.RowsKept == 0 ? null : Sample(chunk.Rows.AsSpan(0, chunk.RowsKept * options.Shape.Experts)),
        };
    }

    /// <summary>The lower edge of the bin that holds the first percentile, but never less than the least of all tokens.</summary>
    private static double Percentile(LayerChunk chunk)
    {
        double wanted = 0.01 * chunk.Sampled, below = 0;
        for (var bin = 0; bin < LayerChunk.MassBins; bin++)
        {
            below += chunk.Masses[bin];
            if (chunk.Masses[bin] > 0 && below >= wanted)
            {
                return Math.Max(chunk.LeastMass, (double)bin / LayerChunk.MassBins);
            }
        }

        return 1;
    }

    private static string Sample(ReadOnlySpan<float> rows)
    {
        var bytes = new byte[rows.Length * 2];
        for (var i = 0; i < rows.Length; i++)
        {
            // float16 ends at 65,504; a masked expert (minus infinity or not a number) becomes its lowest.
            var logit = float.IsNaN(rows[i]) ? -65504f : Math.Clamp(rows[i], -65504f, 65504f);
            BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(i * 2), (Half)logit);
        }

        return Convert.ToBase64String(bytes);
    }
}
