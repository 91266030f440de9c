using System.Collections.Immutable;
using EnergyTTT.History.Deployments;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Deployments;

/// <summary>Gathers the joules of the current minute by layer and expert until the minute is over.</summary>
internal sealed class MinuteLedger(int layers, int experts)
{
    private const int WholeModel = -1;

    private readonly double[][] _expertJoules = [.. Enumerable.Range(0, layers).Select(_ => new double[experts])];
    private readonly double[] _layerJoules = new double[layers];
    private readonly long[] _layerTokens = new long[layers];
    private long _tokens;
    private double _counterJoules;
    private bool _counted;

    /// <summary>Start of the minute that is being gathered.</summary>
    public DateTimeOffset Minute { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>Adds a chunk that was counted now, with what the cost table says of it (null without a table).</summary>
    public void Add(ChunkFeedback feedback, ModelledChunk? modelled, DateTimeOffset received)
    {
        if (Minute == DateTimeOffset.MinValue)
        {
            Minute = new DateTimeOffset(received.UtcTicks / TimeSpan.TicksPerMinute * TimeSpan.TicksPerMinute, TimeSpan.Zero);
        }

        _tokens += feedback.Tokens;
        if (feedback.EnergyJoules is { } joules)
        {
            _counterJoules += joules;
            _counted = true;
        }

        for (var i = 0; modelled is not null && i < feedback.Layers.Count; i++)
        {
            var layer = feedback.Layers[i].Layer;
            _layerJoules[layer] += modelled.LayerJoules[i];
            _layerTokens[layer] += feedback.Tokens;
            for (var expert = 0; expert < experts; expert++)
            {
                _expertJoules[layer][expert] += modelled.ExpertJoules[i][expert];
            }
        }
    }

    /// <summary>Ends the minute: its entries, whole model first. Null while the minute is not over or holds nothing.</summary>
    public ImmutableArray<LedgerEntry>? Close(DateTimeOffset now, double? idleWatts)
    {
        if (Minute == DateTimeOffset.MinValue || now < Minute.AddMinutes(1))
        {
            return null;
        }

        var entries = ImmutableArray.CreateBuilder<LedgerEntry>(layers + 1);
        entries.Add(new LedgerEntry(Minute, WholeModel, _tokens, _counted ? _counterJoules : null, _layerJoules.Sum(), idleWatts * 60, []));
        for (var layer = 0; layer < layers; layer++)
        {
            entries.Add(new LedgerEntry(Minute, layer, _layerTokens[layer], null, _layerJoules[layer], null, [.. _expertJoules[layer]]));
            Array.Clear(_expertJoules[layer]);
        }

        Array.Clear(_layerJoules);
        Array.Clear(_layerTokens);
        (_tokens, _counterJoules, _counted, Minute) = (0, 0, false, DateTimeOffset.MinValue);
        return entries.MoveToImmutable();
    }
}

/// <summary>What the cost table says of a chunk, in the order of its layers.</summary>
internal sealed class ModelledChunk
{
    private ModelledChunk(ImmutableArray<double> layerJoules, double[][] expertJoules) => (LayerJoules, ExpertJoules) = (layerJoules, expertJoules);

    /// <summary>Joules of each layer.</summary>
    public ImmutableArray<double> LayerJoules { get; }

    /// <summary>[layers][experts] joules.</summary>
    public double[][] ExpertJoules { get; }

    /// <summary>Joules of all layers.</summary>
    public double Joules => LayerJoules.Sum();

    /// <summary>Applies a fit to a checked chunk.</summary>
    public static ModelledChunk Of(ChunkFeedback feedback, CostFit fit)
    {
        var experts = feedback.Layers.Select(layer => new double[layer.ExpertCounts.Count]).ToArray();
        return new([.. feedback.Layers.Select((layer, i) => EnergyAttribution.Add(fit, layer, feedback.Tokens, feedback.BatchTokens, experts[i]))], experts);
    }
}
