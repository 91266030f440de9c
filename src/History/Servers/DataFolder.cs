using System.Security.Cryptography;

namespace EnergyTTT.History.Servers;

/// <summary>
/// The folder that holds what one installation owns: its private database, its generated secrets and its buffers.
/// Who may read the folder owns the product.
/// </summary>
public sealed class DataFolder
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string Variable = "ENERGYTTT_DATA";

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Makes the folder, with its sub-folders, unless it is there.</summary>
    /// <exception cref="DataFolderException">The folder cannot be made or written.</exception>
    public DataFolder(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        Secrets = System.IO.Path.Combine(Path, "secrets");
        try
        {
            PrivateFiles.MakeFolder(Path);
            PrivateFiles.MakeFolder(Secrets);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFolderException($"The data folder {Path} cannot be used: {e.Message} Name another one with {Variable}.", e);
        }
    }

    /// <summary>The folder itself, absolute.</summary>
    public string Path { get; }

    /// <summary>The folder of generated secrets, mode 700; each is a file of mode 600.</summary>
    public string Secrets { get; }

    /// <summary>The folder that <see cref="Variable"/> names, else <c>/var/lib/energyttt</c> for root, else <c>energyttt</c> in the user's own data folder.</summary>
    public static DataFolder Resolve() => new(DefaultPath(Environment.GetEnvironmentVariable, Environment.IsPrivilegedProcess));

    /// <summary>Where <see cref="Resolve"/> looks.</summary>
    public static string DefaultPath(Func<string, string?> variable, bool root)
    {
        if (variable(Variable) is { Length: > 0 } named)
        {
            return named;
        }

        if (root)
        {
            return "/var/lib/energyttt";
        }

        var home = variable("XDG_DATA_HOME") is { Length: > 0 } xdg
            ? xdg
            : System.IO.Path.Combine(variable("HOME") ?? Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "share");
        return System.IO.Path.Combine(home, "energyttt");
    }

    /// <summary>Reads a secret; null when it does not exist.</summary>
    /// <param name="name">A plain file name, such as <c>postgresql-password</c>.</param>
    public string? ReadSecret(string name)
    {
        var file = SecretFile(name);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }

    /// <summary>Reads a secret, making a random one of 43 letters and digits (256 bits) when it does not exist.</summary>
    public string ReadOrCreateSecret(string name)
    {
        if (ReadSecret(name) is { Length: > 0 } known)
        {
            return known;
        }

        WriteSecret(name, RandomNumberGenerator.GetString(Alphabet, 43));

        // Two processes may have come here at once: the file that won is the secret.
        return ReadSecret(name) ?? throw new DataFolderException($"The secret {SecretFile(name)} vanished while it was being made.");
    }

    /// <summary>Writes a secret as a file of mode 600, whole or not at all. An existing one is replaced.</summary>
    public void WriteSecret(string name, string value)
    {
        var file = SecretFile(name);
        var draft = $"{file}.{Guid.NewGuid():N}";
        PrivateFiles.Write(draft, value);
        File.Move(draft, file, overwrite: true);
    }

    /// <summary>Removes a secret, if it exists.</summary>
    public void DeleteSecret(string name) => File.Delete(SecretFile(name));

    private string SecretFile(string name) =>
        name.Length > 0 && name == System.IO.Path.GetFileName(name) && name[0] != '.'
            ? System.IO.Path.Combine(Secrets, name)
            : throw new ArgumentException($"'{name}' is no plain file name.", nameof(name));
}

/// <summary>The data folder cannot be used; the message says why and what to do.</summary>
public sealed class DataFolderException : Exception
{
    /// <summary>With the folder and the way out.</summary>
    public DataFolderException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
