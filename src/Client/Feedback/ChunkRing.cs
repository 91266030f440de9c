namespace EnergyTTT.Client.Feedback;

/// <summary>Hands chunks from one thread to another without a lock: one writer, one reader, a fixed number of places.</summary>
internal sealed class ChunkRing(int places)
{
    private readonly Chunk?[] _places = new Chunk?[places];
    private int _written;
    private int _read;

    /// <summary>Puts a chunk in; false when there is no place.</summary>
    public bool TryWrite(Chunk chunk)
    {
        ref var place = ref _places[_written % _places.Length];
        if (Volatile.Read(ref place) is not null)
        {
            return false;
        }

        Volatile.Write(ref place, chunk);
        _written = (_written + 1) % _places.Length;

        return true;
    }

    /// <summary>Takes the oldest chunk; null when there is none.</summary>
    public Chunk? TryRead()
    {
        ref var place = ref _places[_read % _places.Length];
        var chunk = Volatile.Read(ref place);
        if (chunk is null)
        {
            return null;
        }

        Volatile.Write(ref place, null);
        _read = (_read + 1) % _places.Length;

        return chunk;
    }
}
