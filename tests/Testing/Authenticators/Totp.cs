using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;

namespace EnergyTTT.Testing.Authenticators;

/// <summary>What an authenticator app shows (RFC 6238): written here from the standard, so that it is not the server's own code that agrees with itself.</summary>
public static class Totp
{
    private const string Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>The six digits of the half minute that <paramref name="now"/> is in.</summary>
    public static string Code(string key, DateTimeOffset now)
    {
        var bits = string.Concat(key.ToUpperInvariant().Where(Base32.Contains).Select(letter => Convert.ToString(Base32.IndexOf(letter, StringComparison.Ordinal), 2).PadLeft(5, '0')));
        var secret = Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.Substring(i * 8, 8), 2)).ToArray();
        var counter = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, now.ToUnixTimeSeconds() / 30);
#pragma warning disable CA5350 // The standard's own function.
        var hash = HMACSHA1.HashData(secret, counter);
#pragma warning restore CA5350
        var at = hash[^1] & 15;
        return ((BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(at)) & int.MaxValue) % 1_000_000).ToString("000000", CultureInfo.InvariantCulture);
    }
}
