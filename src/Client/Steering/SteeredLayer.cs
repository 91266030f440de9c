using EnergyTTT.Client.Feedback;
using EnergyTTT.Selection.Selectors;

namespace EnergyTTT.Client.Steering;

/// <summary>The steered selection of one MoE layer. One thread at a time; see <see cref="FleetSteering.Layer"/>.</summary>
public sealed class SteeredLayer
{
    private readonly FleetSteering _steering;
    private readonly Selector _selector;

    internal SteeredLayer(FleetSteering steering, int layer, FleetSteeringOptions options)
    {
        _steering = steering;
        _selector = new Selector(options.Shape, options.Clock);
        Index = layer;
    }

    /// <summary>The layer, 0-based.</summary>
    public int Index { get; }

    /// <summary>
    /// Chooses experts and weights for every token of one batch under the epoch in force, and counts what was done for the feedback.
    /// Neither locks nor allocates once the batch size is known.
    /// </summary>
    /// <inheritdoc cref="Selector.Select(ReadOnlySpan{float}, int, Selection.Epochs.SelectionEpoch, Span{int}, Span{float})"/>
    public SelectionStatistics Select(ReadOnlySpan<float> logits, int tokens, Span<int> experts, Span<float> weights)
    {
        var chunk = _steering.Begin(Index, tokens);
        // The chunk knows its epoch: all layers of a step, and all steps of a chunk, use the same one.
        var statistics = _selector.Select(logits, tokens, chunk.Epoch!.Layers[Index], experts, weights);
        chunk.Layers[Index].Add(logits, tokens, experts, statistics);

        return statistics;
    }
}
