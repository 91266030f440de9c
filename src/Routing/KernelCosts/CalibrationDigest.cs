using System.Security.Cryptography;
using System.Text.Json;

namespace EnergyTTT.Routing.KernelCosts;

/// <summary>Names a cost table by its content, so that two runs can tell whether they were priced alike.</summary>
public static class CalibrationDigest
{
    /// <summary>The first 16 hexadecimal digits of a SHA-256 over the rows as JSON, in the order given.</summary>
    public static string Of(IReadOnlyList<KernelCostRecord> records) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(records)))[..16];
}
