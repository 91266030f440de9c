using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Calibrations;

/// <summary>Blocks of experts one after the other, each with weights of its own, under choices that are given: what a decode step does besides attention.</summary>
internal sealed class BlockStack : IDisposable
{
    private readonly (Tensor Up, Tensor Down)[] _layers;

    public BlockStack(CalibrationSettings settings, Device device, ScalarType kind)
    {
        GroupedProduct.Load();
        using var scope = NewDisposeScope();
        Tensor Random(double scale, params long[] size) => empty(size, kind, device).normal_(0, scale).DetachFromDisposeScope();
        _layers = [.. Enumerable.Range(0, settings.Layers).Select(_ => (
            Random(1 / Math.Sqrt(settings.Width), settings.Experts, settings.Width, 2 * settings.ExpertWidth), Random(1 / Math.Sqrt(settings.ExpertWidth), settings.Experts, settings.ExpertWidth, settings.Width)))];
    }

    /// <summary>One step: hidden states pass all blocks.</summary>
    /// <param name="h">[tokens, width].</param>
    /// <param name="choices">One for each layer.</param>
    public Tensor Step(Tensor h, IReadOnlyList<GateChoice> choices)
    {
        using var none = no_grad();
        for (var layer = 0; layer < _layers.Length; layer++)
        {
            h = MoeLanguageModel.Experts(h, choices[layer], _layers[layer].Up, _layers[layer].Down, gated: true);
        }

        return h;
    }

    public void Dispose()
    {
        foreach (var (up, down) in _layers)
        {
            up.Dispose();
            down.Dispose();
        }
    }
}
