namespace EnergyTTT.Evidence.Switchbacks;

/// <summary>SplitMix64 (Steele, Lea and Flood 2014): written out here because a plan must be the same on every version of every library.</summary>
internal static class SplitMix
{
    public static ulong Next(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var z = state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
