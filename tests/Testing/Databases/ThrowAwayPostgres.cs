using System.Diagnostics;
using EnergyTTT.History.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace EnergyTTT.Testing.Databases;

/// <summary>A server from the machine's own PostgreSQL programs that lives as long as the test process, in a temporary folder.</summary>
internal static class ThrowAwayPostgres
{
    private const string FolderPrefix = "ettt-test-";

    // Alive as long as the process.
    private static PrivateServer? _server;

    /// <summary>The connection string; null when the machine has no PostgreSQL programs.</summary>
    public static async Task<string?> TryStart()
    {
        try
        {
            PostgresBinaries.Find();
        }
        catch (PrivateServerException)
        {
            return null;
        }

        RemoveLeftovers();
        var folder = new DataFolder(Path.Combine(Path.GetTempPath(), $"{FolderPrefix}{Environment.ProcessId}-{Guid.NewGuid():N}"[..28]));

        // Nobody misses this data after a power cut.
        _server = await PrivateServer.StartAsync(
            folder, ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "shared_buffers=128MB"], NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);

        // A test process is given too little time to tidy up, and its end is the server's: a shell waits for both and then removes the folder.
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Process.Start("/bin/sh", ["-c", "trap '' HUP INT; sleep 5; exec rm -rf \"$0\" >/dev/null 2>&1", folder.Path]);
        return new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = "postgres" }.ConnectionString;
    }

    /// <summary>Folders of test processes that were killed.</summary>
    private static void RemoveLeftovers()
    {
        foreach (var folder in Directory.EnumerateDirectories(Path.GetTempPath(), FolderPrefix + "*"))
        {
            var owner = Path.GetFileName(folder)[FolderPrefix.Length..].Split('-')[0];
            if (int.TryParse(owner, out var id) && !Directory.Exists($"/proc/{id}"))
            {
                try
                {
                    Directory.Delete(folder, recursive: true);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // Another test process is at it, or another user's.
                }
            }
        }
    }
}
