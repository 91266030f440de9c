using System.Collections.Immutable;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.Grains.Deployments;

namespace EnergyTTT.Grains.Routers;

/// <summary>The newest gate samples of a router, for explanations.</summary>
internal sealed class KeptSamples(int experts)
{
    private const int Most = 8;

    private readonly LinkedList<(SampleKey Key, string Text)> _samples = [];

    /// <summary>Newest first.</summary>
    public ImmutableArray<SampleKey> Keys => [.. _samples.Select(sample => sample.Key)];

    public void Add(RouterChunk chunk)
    {
        if (chunk.Layer.GateSample is not { } text)
        {
            return;
        }

        _samples.AddFirst((new SampleKey(chunk.Replica, chunk.Chunk, GateSamples.Rows(text, experts)), text));
        if (_samples.Count > Most)
        {
            _samples.RemoveLast();
        }
    }

    /// <summary>The newest sample that fits, with its logits [rows, experts].</summary>
    public (SampleKey Key, float[] Logits)? Find(string? replica, long? chunk)
    {
        foreach (var (key, text) in _samples)
        {
            if ((replica is null || key.Replica == replica) && (chunk is null || key.Chunk == chunk))
            {
                return (key, GateSamples.Read(text));
            }
        }

        return null;
    }
}
