using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace EnergyTTT.History.Servers;

/// <summary>The folder of PostgreSQL's server programs on this machine.</summary>
/// <param name="Folder">Where <c>postgres</c> and <c>initdb</c> are.</param>
/// <param name="Major">The major version, 14 or later.</param>
public sealed partial record PostgresBinaries(string Folder, int Major)
{
    /// <summary>The oldest major version that is good enough.</summary>
    public const int OldestMajor = 14;

    /// <summary>The environment variable that names a folder to be used before all others.</summary>
    public const string Variable = "ENERGYTTT_POSTGRESQL_BIN";

    /// <summary>What to say when there are none.</summary>
    public const string HowToInstall =
        "No PostgreSQL server programs (postgres and initdb, version 14 or later) were found on this machine. " +
        "Install them (Debian and Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server; Alpine: apk add postgresql; macOS: brew install postgresql), " +
        "or name their folder with " + Variable + ", or set ConnectionStrings__EnergyTTT to a server that runs elsewhere.";

    /// <summary>The server program.</summary>
    public string Postgres => Path.Combine(Folder, "postgres");

    /// <summary>The program that makes a new data directory.</summary>
    public string InitDb => Path.Combine(Folder, "initdb");

    /// <summary>Finds the programs: newest first, or exactly <paramref name="major"/>.</summary>
    /// <exception cref="PrivateServerException">There are none.</exception>
    public static PostgresBinaries Find(int? major = null)
    {
        var found = Candidates()
            .Where(folder => File.Exists(Path.Combine(folder, "postgres")) && File.Exists(Path.Combine(folder, "initdb")))
            .Select(folder => new PostgresBinaries(folder, ReadMajor(folder)))
            .Where(binaries => binaries.Major >= OldestMajor)
            .ToList();
        if (major is not { } wanted)
        {
            return found.FirstOrDefault() ?? throw new PrivateServerException(HowToInstall);
        }

        return found.Find(binaries => binaries.Major == wanted) ?? throw new PrivateServerException(
            $"The data directory was made by PostgreSQL {wanted}, and this machine has {(found.Count == 0 ? "no PostgreSQL server programs" : "version " + string.Join(", ", found.Select(binaries => binaries.Major)))}. " +
            $"Install version {wanted} (Debian and Ubuntu: apt-get install postgresql-{wanted}), or start with another data folder ({DataFolder.Variable}).");
    }

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            yield return named;
        }

        // Debian and Ubuntu, then the packages of postgresql.org for Red Hat's family, Alpine, SUSE, Homebrew.
        foreach (var (root, below) in new[] { ("/usr/lib/postgresql", "bin"), ("/usr", "bin"), ("/usr/libexec", ""), ("/opt/homebrew/opt", "bin"), ("/usr/local/opt", "bin") })
        {
            foreach (var folder in Versioned(root).OrderByDescending(entry => entry.Major))
            {
                yield return Path.Combine(folder.Path, below);
            }
        }

        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            // A link leads to the folder that also holds what the programs look for beside them.
            var program = new FileInfo(Path.Combine(folder, "postgres"));
            if (program.Exists && program.ResolveLinkTarget(returnFinalTarget: true) is { } target)
            {
                // Resolved by file name, the folder is the target's.
                yield return Path.GetDirectoryName(target.FullName)!;
            }

            yield return folder;
        }
    }

    private static IEnumerable<(string Path, int Major)> Versioned(string root)
    {
        if (!Directory.Exists(root))
        {
            yield break;
        }

        foreach (var folder in Directory.EnumerateDirectories(root))
        {
            var match = VersionedName().Match(Path.GetFileName(folder));
            if (match.Success)
            {
                yield return (folder, int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>Asks the program; 0 when it does not answer.</summary>
    private static int ReadMajor(string folder)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(Path.Combine(folder, "postgres"), "--version") { RedirectStandardOutput = true, WorkingDirectory = "/" });
            var said = process?.StandardOutput.ReadToEnd() ?? "";
            process?.WaitForExit();
            var match = VersionOutput().Match(said);
            return match.Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException)
        {
            return 0;
        }
    }

    [GeneratedRegex(@"^(?:postgresql|pgsql)?[-@]?(\d{2})(?:\.\d+)?$")]
    private static partial Regex VersionedName();

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex VersionOutput();
}

/// <summary>The private PostgreSQL server cannot run; the message says why and what to do.</summary>
public sealed class PrivateServerException : Exception
{
    /// <summary>With the cause and the way out.</summary>
    public PrivateServerException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
