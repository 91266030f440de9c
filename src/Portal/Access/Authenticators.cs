using System.Globalization;
using System.Text;
using QRCoder;

namespace EnergyTTT.Portal.Access;

/// <summary>What an authenticator app wants: the address of a shared key (RFC 6238, SHA-1, 6 digits, 30 s), and its picture.</summary>
public static class Authenticators
{
    /// <summary>The address that apps read from the picture.</summary>
    public static string Address(string userName, string key) =>
        $"otpauth://totp/EnergyTTT:{Uri.EscapeDataString(userName)}?secret={key}&issuer=EnergyTTT&digits=6&period=30";

    /// <summary>The key in groups of four, to be typed by hand.</summary>
    public static string Grouped(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return string.Join(' ', key.Chunk(4).Select(group => new string(group))).ToLowerInvariant();
    }

    /// <summary>The code as one path of unit squares, for a view box of <paramref name="size"/> modules, quiet zone of four included.</summary>
    public static string Path(string text, out int size)
    {
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        size = code.ModuleMatrix.Count;
        var path = new StringBuilder();
        for (var y = 0; y < size; y++)
        {
            for (var x = 0; x < size; x++)
            {
                if (code.ModuleMatrix[y][x])
                {
                    path.Append(CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
                }
            }
        }

        return path.ToString();
    }
}
