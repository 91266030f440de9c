using System.Collections.Concurrent;

namespace EnergyTTT.Silo.Tests.Kills;

/// <summary>What was acknowledged, kept in another process than the one that acknowledged it.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<(string Gpu, long Sequence), byte> _frames = new();

    public int Count => _frames.Count;

    public IEnumerable<(string Gpu, long Sequence)> Frames => _frames.Keys;

    public void Add(string gpu, long sequence) => _frames[(gpu, sequence)] = 1;
}
