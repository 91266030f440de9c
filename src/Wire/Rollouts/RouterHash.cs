using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace EnergyTTT.Wire.Rollouts;

/// <summary>Where a router stands in the order in which a rollout takes routers in: the same on every machine and for ever, another order for every rollout.</summary>
public static class RouterHash
{
    /// <summary>A number from 0 to below 1, evenly spread over routers.</summary>
    public static double Of(long rollout, string deployment, int layer)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"rollout/{rollout}/{deployment}/{layer}")), digest);
        return (BinaryPrimitives.ReadUInt64LittleEndian(digest) >> 11) * (1.0 / (1UL << 53));
    }
}
