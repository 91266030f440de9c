using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EnergyTTT.Cli.Servers;
using EnergyTTT.History.Audits;
using EnergyTTT.History.Backups;
using EnergyTTT.History.Migrations;
using EnergyTTT.Wire.Access;

namespace EnergyTTT.Cli.Backups;

/// <summary><c>energyttt restore FILE</c>: a backup into a new data folder or an empty external database, checked row for row by count.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("file") { Description = "The backup." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("restore", "Restore a backup into a new data folder (ENERGYTTT_DATA) or an empty database; then start the product on it.") { file, json };
        command.SetAction((parse, cancellationToken) => Guarded.Run(async () =>
        {
            var started = TimeProvider.System.GetTimestamp();
            var backup = parse.GetValue(file)!; // an argument without a default is required
            await using var database = await LocalDatabase.OpenEmpty(cancellationToken);
            var manifest = await Backup.Restore(database.Source, database.ConnectionString, backup.FullName, cancellationToken);

            // A backup of an older version of the product becomes one of this version.
            var steps = await Migrator.Migrate(database.Source, cancellationToken);
            await new AuditLog(database.Source, TimeProvider.System).Append(Actors.Cli, "backup.restore", "database", new Dictionary<string, string?> { ["file"] = backup.Name }, cancellationToken);
            var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
            Console.WriteLine(parse.GetValue(json)
                ? JsonSerializer.Serialize(new { seconds, taken = manifest.Taken, rows = manifest.Rows.Values.Sum(), tables = manifest.Rows.Count, migrations_applied = steps.ToArray() })
                : string.Create(CultureInfo.InvariantCulture, $"{manifest.Rows.Values.Sum()} rows in {manifest.Rows.Count} tables as of {manifest.Taken.UtcDateTime:u} are restored and counted, {seconds:0.0} s. Start the product on this data folder."));
            return 0;
        }));
        return command;
    }
}
