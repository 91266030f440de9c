using System.Security.Cryptography;
using System.Text;

namespace EnergyTTT.Portal.Access;

/// <summary>
/// The one-time token with which the first administrator is created: there is no default password. It lies in a file that only the
/// server's account can read, so whoever can read it owns the product already; the server prints it while no person exists.
/// </summary>
/// <param name="path">The file, in the data folder's place for secrets.</param>
public sealed class SetupToken(string path)
{
    private const string Alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
    private const int Groups = 6;
    private const int GroupLength = 5;

    /// <summary>The file that holds the token.</summary>
    public string Path { get; } = path;

    /// <summary>The token: the one in the file, or a new one. 30 characters of 31 in six groups, about 148 bits.</summary>
    public string Read()
    {
        if (Stored() is { } stored)
        {
            return stored;
        }

        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path) ?? ".");
        var token = string.Join('-', Enumerable.Range(0, Groups).Select(_ => RandomNumberGenerator.GetString(Alphabet, GroupLength)));
        var draft = $"{Path}.{Environment.ProcessId}.{RandomNumberGenerator.GetHexString(8)}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(draft, options))
        {
            file.Write(Encoding.ASCII.GetBytes(token + "\n"));
            file.Flush(flushToDisk: true);
        }

        try
        {
            // Two servers that start at once on one folder agree on the file that came first.
            File.Move(draft, Path, overwrite: false);
            return token;
        }
        catch (IOException) when (File.Exists(Path))
        {
            File.Delete(draft);
            return Stored() ?? throw new InvalidOperationException($"{Path} is no set-up token: delete it and start again");
        }
    }

    /// <summary>Whether the presented text is the token; compared in fixed time. Spaces around it do not matter.</summary>
    public bool Matches(string? presented) =>
        Stored() is { } stored && presented is not null
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(presented.Trim())), SHA256.HashData(Encoding.UTF8.GetBytes(stored)));

    /// <summary>Makes the token worthless. Repeating it does no harm.</summary>
    public void Spend() => File.Delete(Path);

    private string? Stored()
    {
        try
        {
            var text = File.ReadAllText(Path, Encoding.ASCII).Trim();
            return text.Length == Groups * (GroupLength + 1) - 1 ? text : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
