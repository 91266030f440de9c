using System.Formats.Tar;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using EnergyTTT.History.Audits;
using EnergyTTT.History.Servers;
using Npgsql;

namespace EnergyTTT.History.Backups;

/// <summary>
/// One file that holds everything that was committed up to one moment, taken while the product runs: a tar archive of a manifest and
/// PostgreSQL's own dump. The secrets of the data folder are not in it: a restored installation makes its own, and people sign in again.
/// </summary>
public static class Backup
{
    private const string ManifestName = "manifest.json";
    private const string DumpName = "database.dump";

    // language=sql
    private const string SnapshotSql = "select pg_export_snapshot(), now(), current_setting('server_version'), (select max(number) from public.migration)";

    // language=sql
    private const string AuditSql = "select number, encode(sha256, 'hex') from policy.audit order by number desc limit 1";

    // The dump leaves privileges out, since roles differ between servers; the one that matters is taken again.
    // language=sql
    private const string RevokeSql = "revoke update, delete, truncate on policy.audit from public, current_user";

    /// <summary>Takes a backup. The file appears whole or not at all, with mode 600.</summary>
    /// <exception cref="BackupException">It cannot be taken.</exception>
    public static async Task<BackupManifest> Take(NpgsqlDataSource source, string connectionString, string file, CancellationToken cancellationToken)
    {
        if (File.Exists(file))
        {
            throw new BackupException($"{file} exists. Name another file; a backup is never overwritten.");
        }

        // Beside the file, so that the finished backup is only renamed.
        var draft = new DirectoryInfo($"{Path.GetFullPath(file)}.{Guid.NewGuid():N}");
        try
        {
            PrivateFiles.MakeFolder(draft.FullName);
            var dump = Path.Combine(draft.FullName, DumpName);
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var moment = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken);
            var (snapshot, taken, version, migration) = await Moment(connection, cancellationToken);
            await DumpPrograms.Dump(connectionString, snapshot, dump, cancellationToken);
            var (entries, head) = await Head(connection, cancellationToken);
            var manifest = new BackupManifest(1, taken, migration, version, await CountRows.Execute(connection, cancellationToken), entries, head, await Hash(dump, cancellationToken));
            await moment.CommitAsync(cancellationToken);

            var whole = Path.Combine(draft.FullName, "backup.tar");
            await File.WriteAllTextAsync(Path.Combine(draft.FullName, ManifestName), JsonSerializer.Serialize(manifest, BackupJson.Default.BackupManifest), cancellationToken);
            await using (var archive = PrivateFiles.Create(whole))
            await using (var tar = new TarWriter(archive))
            {
                await tar.WriteEntryAsync(Path.Combine(draft.FullName, ManifestName), ManifestName, cancellationToken);
                await tar.WriteEntryAsync(dump, DumpName, cancellationToken);
                archive.Flush(flushToDisk: true);
            }

            File.Move(whole, file);
            return manifest;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"{file} cannot be written: {exception.Message}", exception);
        }
        finally
        {
            if (Directory.Exists(draft.FullName))
            {
                draft.Delete(recursive: true);
            }
        }
    }

    /// <summary>Restores a backup into an empty database and checks that every row, and the audit log's last entry, are there again.</summary>
    /// <exception cref="BackupException">The file is none or damaged, the database is not empty, or what is there afterwards is not what was backed up.</exception>
    public static async Task<BackupManifest> Restore(NpgsqlDataSource source, string connectionString, string file, CancellationToken cancellationToken)
    {
        await using (var before = await source.OpenConnectionAsync(cancellationToken))
        {
            if (await CountRows.Execute(before, cancellationToken) is { Count: > 0 } there)
            {
                throw new BackupException($"The database is not empty ({string.Join(", ", there.Keys.Take(3))}, ...). Restore into a new data folder ({DataFolder.Variable}) or an empty database.");
            }
        }

        var draft = Directory.CreateTempSubdirectory("energyttt-restore-");
        try
        {
            var (manifest, dump) = await Unpack(file, draft.FullName, cancellationToken);
            await DumpPrograms.Restore(connectionString, dump, cancellationToken);
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using (var revoke = new NpgsqlCommand(RevokeSql, connection))
            {
                await revoke.ExecuteNonQueryAsync(cancellationToken);
            }

            var rows = await CountRows.Execute(connection, cancellationToken);
            var wrong = manifest.Rows.Where(table => rows.GetValueOrDefault(table.Key, -1) != table.Value)
                .Select(table => string.Create(CultureInfo.InvariantCulture, $"{table.Key}: {table.Value} backed up, {rows.GetValueOrDefault(table.Key)} restored")).ToList();
            var chain = await new AuditLog(source, TimeProvider.System).Verify(cancellationToken);
            if (chain.Fault is not null || chain.Entries != manifest.AuditEntries || (chain.Entries > 0 && chain.Head != manifest.AuditHead))
            {
                wrong.Add("the audit log: " + (chain.Fault ?? "another last entry"));
            }

            return wrong.Count == 0 ? manifest : throw new BackupException("The restored database is not what was backed up: " + string.Join("; ", wrong));
        }
        finally
        {
            draft.Delete(recursive: true);
        }
    }

    private static async Task<(string Snapshot, DateTimeOffset Taken, string Version, int Migration)> Moment(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SnapshotSql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetString(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetString(2), reader.GetInt32(3));
    }

    private static async Task<(long Entries, string Head)> Head(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(AuditSql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetInt64(0), reader.GetString(1)) : (0, "");
    }

    private static async Task<(BackupManifest Manifest, string Dump)> Unpack(string file, string folder, CancellationToken cancellationToken)
    {
        try
        {
            BackupManifest? manifest = null;
            var dump = Path.Combine(folder, DumpName);
            await using var archive = File.OpenRead(file);
            await using var tar = new TarReader(archive);
            while (await tar.GetNextEntryAsync(cancellationToken: cancellationToken) is { } entry)
            {
                if (entry.Name == ManifestName && entry.DataStream is { } text)
                {
                    manifest = await JsonSerializer.DeserializeAsync(text, BackupJson.Default.BackupManifest, cancellationToken);
                }
                else if (entry.Name == DumpName)
                {
                    await entry.ExtractToFileAsync(dump, overwrite: false, cancellationToken);
                }
            }

            return manifest is { Format: 1 } && File.Exists(dump) && await Hash(dump, cancellationToken) == manifest.DumpSha256
                ? (manifest, dump)
                : throw new BackupException($"{file} is no whole backup of EnergyTTT: its manifest is missing, of another format, or its dump is damaged.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException or JsonException or FormatException)
        {
            throw new BackupException($"{file} cannot be read as a backup: {exception.Message}", exception);
        }
    }

    private static async Task<string> Hash(string file, CancellationToken cancellationToken)
    {
        await using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken));
    }
}
