using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Deployments;

/// <summary>The digest that engines send back: SHA-256 over the biases of all layers in order, little-endian float32; a layer without bias counts as zeros.</summary>
internal static class BiasDigest
{
    public static string Of(SteeringEpoch epoch, int experts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var zeros = new float[experts];
        foreach (var layer in epoch.Layers)
        {
            hash.AppendData(MemoryMarshal.AsBytes((layer.Bias?.ToArray() ?? zeros).AsSpan()));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
