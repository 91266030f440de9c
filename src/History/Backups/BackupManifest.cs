using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace EnergyTTT.History.Backups;

/// <summary>What a backup says of itself: enough to tell after a restore that everything is there again.</summary>
/// <param name="Format">1.</param>
/// <param name="Taken">When the moment was that the backup holds, by the database's clock.</param>
/// <param name="Migration">The newest step of the schema.</param>
/// <param name="PostgresVersion">Of the server that it was taken from.</param>
/// <param name="Rows">Rows by table at that moment, for every table of the product.</param>
/// <param name="AuditEntries">Entries of the audit log.</param>
/// <param name="AuditHead">SHA-256 of its last entry, 64 hexadecimal digits.</param>
/// <param name="DumpSha256">SHA-256 of the dump inside the backup.</param>
public sealed record BackupManifest(
    int Format,
    DateTimeOffset Taken,
    int Migration,
    string PostgresVersion,
    ImmutableSortedDictionary<string, long> Rows,
    long AuditEntries,
    string AuditHead,
    string DumpSha256);

/// <summary>Source-generated JSON of the manifest.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(BackupManifest))]
public sealed partial class BackupJson : JsonSerializerContext;

/// <summary>A backup cannot be taken or restored; the message says why and what to do.</summary>
public sealed class BackupException(string message, Exception? innerException = null) : Exception(message, innerException);
