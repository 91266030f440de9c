using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EnergyTTT.Cli.Servers;
using EnergyTTT.History.Audits;
using EnergyTTT.History.Backups;
using EnergyTTT.Wire.Access;

namespace EnergyTTT.Cli.Backups;

/// <summary><c>energyttt backup FILE</c>: everything committed so far, as one file, while the product runs.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo?>("file") { Description = "The file to write; by default energyttt-DATE.backup in this folder.", Arity = ArgumentArity.ZeroOrOne };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("backup", "Take a backup on the server's own machine, running or not; what was acknowledged before is in it.") { file, json };
        command.SetAction((parse, cancellationToken) => Guarded.Run(async () =>
        {
            var started = TimeProvider.System.GetTimestamp();
            var target = parse.GetValue(file)?.FullName
                ?? Path.GetFullPath(string.Create(CultureInfo.InvariantCulture, $"energyttt-{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}.backup"));
            await using var database = await LocalDatabase.Open(cancellationToken);
            var manifest = await Backup.Take(database.Source, database.ConnectionString, target, cancellationToken);
            await new AuditLog(database.Source, TimeProvider.System).Append(Actors.Cli, "backup.take", "database", new Dictionary<string, string?> { ["file"] = Path.GetFileName(target) }, cancellationToken);
            Console.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(new { file = target, bytes = new FileInfo(target).Length, seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds, taken = manifest.Taken, migration = manifest.Migration, rows = manifest.Rows.Values.Sum() })
                : string.Create(CultureInfo.InvariantCulture, $"{target}: {manifest.Rows.Values.Sum()} rows in {manifest.Rows.Count} tables as of {manifest.Taken.UtcDateTime:u}, {new FileInfo(target).Length / 1e6:0.0} MB, {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s"));
            return 0;
        }));
        return command;
    }
}
