using System.Security.Cryptography;
using System.Text;

namespace EnergyTTT.Grains.Alerts;

/// <summary>The secrets that sign webhooks.</summary>
public static class ContactSecret
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>A new one of 43 letters and digits: 256 bits.</summary>
    public static string New() => RandomNumberGenerator.GetString(Alphabet, 43);

    /// <summary>The signature of a body: lower-case hexadecimal HMAC-SHA-256 of the timestamp, a full stop and the body.</summary>
    public static string Sign(string secret, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hash.AppendData(Encoding.UTF8.GetBytes(timestamp + "."));
        hash.AppendData(body);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
