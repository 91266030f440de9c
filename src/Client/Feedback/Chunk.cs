using EnergyTTT.Client.Epochs;
using EnergyTTT.Client.Steering;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Client.Feedback;

/// <summary>One chunk of all layers, from the step at which it was opened to the one at which it was closed.</summary>
internal sealed class Chunk
{
    public Chunk(FleetSteeringOptions options, int turn)
    {
        Layers = new LayerChunk[options.Layers];
        for (var layer = 0; layer < Layers.Length; layer++)
        {
            Layers[layer] = new LayerChunk(options.Shape, options.SampledRows, HashCode.Combine(options.Seed, layer, turn));
        }
    }

    public LayerChunk[] Layers { get; }

    /// <summary>The epoch that was in force; a chunk never spans two.</summary>
    public EpochInForce? Epoch { get; private set; }

    public InferencePhase Phase { get; private set; }

    public long Opened { get; private set; }

    public double? LatencyMilliseconds { get; set; }

    public double? EnergyJoules { get; set; }

    public double? Loss { get; set; }

    public int? Queue { get; set; }

    /// <summary>Tokens of the layer that has most: a pipeline may report while its last layers still work.</summary>
    public long Tokens => Layers.Max(layer => layer.Tokens);

    public void Open(EpochInForce epoch, InferencePhase phase, long timestamp)
    {
        foreach (var layer in Layers)
        {
            layer.Clear();
        }

        (Epoch, Phase, Opened) = (epoch, phase, timestamp);
        (LatencyMilliseconds, EnergyJoules, Loss, Queue) = (null, null, null, null);
    }
}
