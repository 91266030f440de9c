using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;

namespace EnergyTTT.History.Access;

/// <summary>
/// The text of a key, <c>ettt_ID_SECRET_CHECK</c>: an id of 8 characters, 32 random bytes as 43 base-62 digits, and 4 base-62
/// check digits over all that stands before them, which tell a typing error from a wrong key.
/// </summary>
/// <param name="Id">The id, safe to log.</param>
/// <param name="Text">The whole text. Never logged, never stored.</param>
public sealed record ApiKeySecret(string Id, string Text)
{
    /// <summary>What every key starts with.</summary>
    public const string Prefix = "ettt_";

    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int IdLength = 8;
    private const int SecretLength = 43;
    private const int CheckLength = 4;

    /// <summary>Characters of a key: prefix, id, secret, check and two underscores.</summary>
    public const int Length = 5 + IdLength + 1 + SecretLength + 1 + CheckLength;

    /// <summary>Makes a new key from the system's cryptographic randomness.</summary>
    public static ApiKeySecret Create()
    {
        var id = RandomNumberGenerator.GetString(Digits, IdLength);
        var body = $"{Prefix}{id}_{Base62(RandomNumberGenerator.GetBytes(32), SecretLength)}";
        return new ApiKeySecret(id, $"{body}_{Check(body)}");
    }

    /// <summary>Reads a key; false when it is not one or has a typing error. Says nothing of whether it is known.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ApiKeySecret? key)
    {
        key = null;
        if (text is null || text.Length != Length || !text.StartsWith(Prefix, StringComparison.Ordinal))
        {
            return false;
        }

        var body = text[..^(CheckLength + 1)];
        var id = text.Substring(Prefix.Length, IdLength);
        var secret = text.Substring(Prefix.Length + IdLength + 1, SecretLength);
        if (text[Prefix.Length + IdLength] != '_' || text[^(CheckLength + 1)] != '_' || !AllDigits(id) || !AllDigits(secret) || text[^CheckLength..] != Check(body))
        {
            return false;
        }

        key = new ApiKeySecret(id, text);
        return true;
    }

    /// <summary>SHA-256 of the whole text, 32 bytes: what is stored. The secret has full entropy, so no salt and no slow hash are needed.</summary>
    public byte[] Hash() => SHA256.HashData(Encoding.ASCII.GetBytes(Text));

    /// <summary>Shows the id only.</summary>
    public override string ToString() => $"{Prefix}{Id}_...";

    private static bool AllDigits(string text) => text.All(char.IsAsciiLetterOrDigit);

    private static string Check(string body) => Base62(SHA256.HashData(Encoding.ASCII.GetBytes("check:" + body)).AsSpan(0, 4), 6)[^CheckLength..];

    private static string Base62(ReadOnlySpan<byte> bytes, int length)
    {
        var number = new BigInteger(bytes, isUnsigned: true, isBigEndian: true);
        var digits = new char[length];
        for (var i = length - 1; i >= 0; i--)
        {
            number = BigInteger.DivRem(number, 62, out var digit);
            digits[i] = Digits[(int)digit];
        }

        return new string(digits);
    }
}
