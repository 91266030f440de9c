using System.Security.Cryptography;
using System.Text;

namespace EnergyTTT.History.Alerts;

/// <summary>Encrypts what must be kept to be used again, such as the key that signs a webhook: the database alone, or a backup of it, does not tell it.</summary>
/// <param name="secret">Any text of full entropy; the same one opens what was closed with it.</param>
public sealed class SecretBox(string secret)
{
    private const int NonceLength = 12;
    private const int TagLength = 16;
    private readonly byte[] _key = SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>Closes a text.</summary>
    public byte[] Close(string text)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var box = new byte[NonceLength + TagLength + plain.Length];
        RandomNumberGenerator.Fill(box.AsSpan(0, NonceLength));
        using var cipher = new AesGcm(_key, TagLength);
        cipher.Encrypt(box.AsSpan(0, NonceLength), plain, box.AsSpan(NonceLength + TagLength), box.AsSpan(NonceLength, TagLength));
        return box;
    }

    /// <summary>Opens what <see cref="Close"/> made; null when it was closed with another secret or changed since.</summary>
    public string? Open(ReadOnlySpan<byte> box)
    {
        if (box.Length < NonceLength + TagLength)
        {
            return null;
        }

        var plain = new byte[box.Length - NonceLength - TagLength];
        using var cipher = new AesGcm(_key, TagLength);
        try
        {
            cipher.Decrypt(box[..NonceLength], box[(NonceLength + TagLength)..], box.Slice(NonceLength, TagLength), plain);
            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
