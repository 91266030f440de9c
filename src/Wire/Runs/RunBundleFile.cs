using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Wire.Runs;

/// <summary>
/// The bytes of a bundle: one line that names the format and the SHA-256 of the second, and one line of canonical JSON (the names and the order of <see cref="RunBundle"/>, unknown left out,
/// numbers in their shortest exact form, UTF-8, no blanks), each ended by a line feed. Nothing else may stand in the file, so any changed, missing or added byte is noticed.
/// </summary>
public static class RunBundleFile
{
    /// <summary>What such a file's name ends with.</summary>
    public const string Extension = ".energyttt-run";

    /// <summary>The media type over HTTP.</summary>
    public const string MediaType = "application/vnd.energyttt.run";

    /// <summary>The greatest bundle that is read, in bytes: 64 MiB.</summary>
    public const int GreatestBytes = 64 << 20;

    /// <summary>Writes a bundle. The receipt's digest is made here.</summary>
    public static byte[] Write(RunBundle bundle)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        var body = JsonSerializer.SerializeToUtf8Bytes(bundle with { ReceiptSha256 = Digest(bundle.Receipt) }, WireJson.Default.RunBundle);
        return [.. Header(body), .. body, (byte)'\n'];
    }

    /// <summary>The SHA-256 over the canonical JSON of a receipt; null without one.</summary>
    public static string? Digest(RunReceipt? receipt) =>
        receipt is null ? null : Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(receipt, WireJson.Default.RunReceipt)));

    /// <summary>The SHA-256 that the first line names: two files are of the same content exactly when it is the same.</summary>
    /// <exception cref="FormatException">As <see cref="Read"/>.</exception>
    public static string Digest(ReadOnlySpan<byte> file)
    {
        _ = Body(file, out var digest);
        return digest;
    }

    /// <summary>Reads a bundle and checks all that can be checked without a server.</summary>
    /// <exception cref="FormatException">A byte was changed, it is no bundle, or its parts contradict each other; the message says which.</exception>
    public static RunBundle Read(ReadOnlySpan<byte> file)
    {
        var body = Body(file, out _);
        RunBundle bundle;
        try
        {
            bundle = JsonSerializer.Deserialize(body, WireJson.Default.RunBundle) ?? throw new FormatException("the bundle is 'null'");
        }
        catch (JsonException wrong)
        {
            throw new FormatException($"the bundle's content does not fit: {wrong.Message}", wrong);
        }

        if (RunBundleCheck.Fault(bundle) is { } fault)
        {
            throw new FormatException(fault);
        }

        return bundle;
    }

    private static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> file, out string digest)
    {
        if (file.Length > GreatestBytes)
        {
            throw new FormatException($"a bundle of {file.Length} bytes: at most {GreatestBytes} are read");
        }

        var first = file.IndexOf((byte)'\n');
        if (first < 0 || file[^1] != (byte)'\n' || file[first..].Length < 3)
        {
            throw new FormatException("no bundle of a run: two lines expected, each ended by a line feed");
        }

        var body = file[(first + 1)..^1];
        var header = Header(body);
        if (!file[..(first + 1)].SequenceEqual(header))
        {
            throw new FormatException(file.StartsWith(Encoding.ASCII.GetBytes(Start))
                ? "the bundle was changed: the SHA-256 of its content is not the one that its first line names"
                : $"no bundle of a run: its first line must begin with {Start}");
        }

        digest = Convert.ToHexStringLower(SHA256.HashData(body));
        return body;
    }

    private const string Start = "{\"format\":\"energyttt-run\",\"schema\":1,\"sha256\":\"";

    private static byte[] Header(ReadOnlySpan<byte> body) => Encoding.ASCII.GetBytes(Start + Convert.ToHexStringLower(SHA256.HashData(body)) + "\"}\n");
}
