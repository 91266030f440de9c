using System.Diagnostics;
using System.Globalization;

namespace EnergyTTT.History.Servers;

/// <summary>Runs PostgreSQL's programs as the right account, away from the terminal, tied to the life of this process.</summary>
internal sealed class ServerPrograms(ServerFolder folder, PostgresBinaries binaries, ServerAccount? account, IReadOnlyList<string> overrides)
{
    private static readonly string[] ProgramFolders = ["/usr/bin", "/bin", "/usr/local/bin"];

    /// <summary>Makes the folders, and the data directory when there is none. A half-made one of an earlier try is thrown away.</summary>
    /// <exception cref="PrivateServerException">The account cannot enter the folder, or initdb failed.</exception>
    public async Task Prepare(CancellationToken cancellationToken)
    {
        foreach (var path in new[] { folder.Root, folder.Socket, folder.Logs })
        {
            PrivateFiles.MakeFolder(path);
            if (account is not null)
            {
                Posix.GiveTo(path, account);
            }
        }

        if (account is not null)
        {
            await LetIn(account, cancellationToken);
        }

        if (!folder.HasData)
        {
            await MakeData(cancellationToken);
        }
    }

    /// <summary>Starts the server and answers its process; whether it comes up is for the caller to see.</summary>
    public Task<Process> Start(ServerAddress address)
    {
        var megabytes = Math.Clamp(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (1 << 20) / 8, 128, 1024);
        // Of a setting that is given twice, the server takes the last.
        string[] settings =
        [
            "listen_addresses=" + (address.IsSocket ? "" : address.Host),
            "unix_socket_directories=" + (address.IsSocket ? address.Host : ""),
            "port=" + address.Port.ToString(CultureInfo.InvariantCulture),
            "max_connections=100",
            "shared_buffers=" + megabytes.ToString(CultureInfo.InvariantCulture) + "MB",
            "max_wal_size=4GB",
            "checkpoint_timeout=15min",
            "jit=off",
            "random_page_cost=1.1",
            "timezone=UTC",
            "log_timezone=UTC",
            "logging_collector=on",
            "log_directory=" + folder.Logs,
            "log_filename=server-%a.log",
            "log_rotation_age=1d",
            "log_truncate_on_rotation=on",
            "cluster_name=EnergyTTT",
            .. overrides,
        ];
        var command = Command(binaries.Postgres, tied: true);
        command.AddRange(["-D", folder.Data]);
        command.AddRange(settings.SelectMany(setting => new[] { "-c", setting }));

        // The shell replaces itself by the server, so the process id is the server's; a pipe would keep its readers waiting for stragglers.
        return LaunchThread.Start(Info("/bin/sh", ["-c", "exec \"$@\" >\"$0\" 2>&1 </dev/null", folder.StartLog, .. command]));
    }

    /// <summary>The last words of the server, for an error message.</summary>
    public string LastWords()
    {
        var log = Directory.EnumerateFiles(folder.Logs).OrderBy(File.GetLastWriteTimeUtc).LastOrDefault();
        var lines = (File.Exists(folder.StartLog) ? File.ReadLines(folder.StartLog) : [])
            .Concat(log is null ? [] : File.ReadLines(log))
            .Where(line => line.Contains("FATAL", StringComparison.Ordinal) || line.Contains("ERROR", StringComparison.Ordinal) || line.Contains("could not", StringComparison.Ordinal) || line.Contains("HINT", StringComparison.Ordinal));
        return string.Join(" | ", lines.TakeLast(4)) is { Length: > 0 } said ? said : $"see {folder.Logs} and {folder.StartLog}";
    }

    private async Task LetIn(ServerAccount account, CancellationToken cancellationToken)
    {
        // The folder is ours and holds secrets in a folder of mode 700: passing through it shows nothing.
        var top = Path.GetDirectoryName(folder.Root)!;
        PrivateFiles.LetPass(top);
        var (code, _) = await Run(Command("test", tied: false), ["-w", folder.Root], cancellationToken);
        if (code != 0)
        {
            throw new PrivateServerException(
                $"The database server runs as '{account.Name}' because PostgreSQL does not run as root, and that account cannot enter {folder.Root}: " +
                $"some folder above is closed to others (root's home is). Name a folder elsewhere with {DataFolder.Variable}, such as /var/lib/energyttt.");
        }
    }

    private async Task MakeData(CancellationToken cancellationToken)
    {
        if (Directory.Exists(folder.Draft))
        {
            Directory.Delete(folder.Draft, recursive: true);
        }

        var passwordFile = Path.Combine(folder.Root, "initdb-password");
        File.Delete(passwordFile);
        PrivateFiles.Write(passwordFile, folder.Password);
        try
        {
            if (account is not null)
            {
                Posix.GiveTo(passwordFile, account);
            }

            var (code, said) = await Run(
                Command(binaries.InitDb, tied: false),
                ["-D", folder.Draft, "-U", ServerFolder.Name, "--pwfile", passwordFile, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-instructions"],
                cancellationToken);
            if (code != 0)
            {
                throw new PrivateServerException($"initdb could not make {folder.Draft} (exit {code}): {said.Trim()}");
            }
        }
        finally
        {
            File.Delete(passwordFile);
        }

        Directory.Move(folder.Draft, folder.Data);
    }

    /// <summary>The start of a command line: as the account, in a session of its own so that Ctrl-C in a terminal reaches only this process.</summary>
    private List<string> Command(string program, bool tied)
    {
        var command = new List<string>();
        if (tied && Find("setsid") is { } setsid)
        {
            command.Add(setsid);
        }

        if (account is null && !tied)
        {
            return [program];
        }

        if (Find("setpriv") is not { } setpriv)
        {
            // Without it an ordinary user's server outlives a killed product, and is adopted at the next start.
            return account is null
                ? [.. command, program]
                : throw new PrivateServerException("The program setpriv (package util-linux) is missing; as root it is needed to run PostgreSQL under another account.");
        }

        command.Add(setpriv);
        if (account is not null)
        {
            command.AddRange([$"--reuid={account.UserId}", $"--regid={account.GroupId}", "--clear-groups"]);
        }

        if (tied)
        {
            command.Add("--pdeathsig=INT");
        }

        return [.. command, "--", program];
    }

    private static async Task<(int Code, string Said)> Run(List<string> command, string[] arguments, CancellationToken cancellationToken)
    {
        var info = Info(command[0], [.. command.Skip(1), .. arguments]);
        info.RedirectStandardOutput = true;
        info.RedirectStandardError = true;
        using var process = Process.Start(info) ?? throw new PrivateServerException($"{command[0]} did not start.");
        var said = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var complained = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        await said;
        return (process.ExitCode, await complained);
    }

    private static ProcessStartInfo Info(string program, IEnumerable<string> arguments)
    {
        var info = new ProcessStartInfo(program, arguments) { WorkingDirectory = "/", UseShellExecute = false };
        foreach (var name in info.Environment.Keys.Where(name => name.StartsWith("PG", StringComparison.Ordinal)).ToList())
        {
            // A setting of the person's own clients must not bend our server.
            info.Environment.Remove(name);
        }

        info.Environment["LC_ALL"] = "C";
        return info;
    }

    private static string? Find(string program) =>
        ProgramFolders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
