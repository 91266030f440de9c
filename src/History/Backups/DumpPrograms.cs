using System.Diagnostics;
using System.Globalization;
using EnergyTTT.History.Servers;
using Npgsql;

namespace EnergyTTT.History.Backups;

/// <summary>Runs PostgreSQL's own <c>pg_dump</c> and <c>pg_restore</c>, of the machine's newest PostgreSQL, against a database.</summary>
internal static class DumpPrograms
{
    /// <summary>Writes the whole database as one consistent moment into a file in PostgreSQL's custom format.</summary>
    /// <param name="snapshot">An exported snapshot of an open transaction: the moment.</param>
    public static Task Dump(string connectionString, string snapshot, string file, CancellationToken cancellationToken) =>
        Run("pg_dump", connectionString, ["--format=custom", "--compress=6", "--no-owner", "--no-privileges", "--snapshot=" + snapshot, "--file=" + file], cancellationToken);

    /// <summary>Reads such a file into an empty database, in one transaction.</summary>
    public static Task Restore(string connectionString, string file, CancellationToken cancellationToken) =>
        Run("pg_restore", connectionString, ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", file], cancellationToken);

    private static async Task Run(string program, string connectionString, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var path = Path.Combine(PostgresBinaries.Find().Folder, program);
        if (!File.Exists(path))
        {
            throw new BackupException($"{program} was not found beside the PostgreSQL server programs ({path}). Install PostgreSQL's client programs (Debian and Ubuntu: apt-get install postgresql-client).");
        }

        var target = new NpgsqlConnectionStringBuilder(connectionString);
        var start = new ProcessStartInfo(path, [.. arguments, "--no-password", "--dbname=" + target.Database]) { RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment["PGHOST"] = target.Host;
        start.Environment["PGPORT"] = target.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = target.Username;
        start.Environment["PGPASSWORD"] = target.Password;
        start.Environment["PGPASSFILE"] = target.Passfile;
        start.Environment["PGSSLMODE"] = target.SslMode switch { SslMode.VerifyCA => "verify-ca", SslMode.VerifyFull => "verify-full", var mode => mode.ToString().ToLowerInvariant() };
        using var process = Process.Start(start) ?? throw new BackupException($"{path} cannot be started.");
        try
        {
            var said = await process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode != 0)
            {
                throw new BackupException($"{program} failed ({process.ExitCode}): {said.Trim()}");
            }
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
