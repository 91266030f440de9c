namespace EnergyTTT.Simulation.Requests;

/// <summary>One request: a recorded sequence that is decoded for some tokens.</summary>
public sealed class DecodingRequest(int sequence, int domain, long firstPosition, double tokens)
{
    /// <summary>The recorded sequence that it plays.</summary>
    public int Sequence => sequence;

    /// <summary>The domain it came from.</summary>
    public int Domain => domain;

    /// <summary>The position that it is at.</summary>
    public long Position => firstPosition + (long)Decoded;

    /// <summary>Tokens decoded so far.</summary>
    public double Decoded { get; private set; }

    /// <summary>Whether all its tokens are there.</summary>
    public bool IsDone => Decoded >= tokens;

    /// <summary>Decodes.</summary>
    public void Decode(double count) => Decoded += count;
}
