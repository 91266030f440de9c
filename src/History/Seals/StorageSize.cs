using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>What frames take on the disk, with their indexes and what is stored out of line.</summary>
/// <param name="HotRows">Frames that are rows.</param>
/// <param name="HotBytes">Bytes of their partitions.</param>
/// <param name="SealedHours">Hours of GPUs that are packed.</param>
/// <param name="SealedFrames">Frames in them.</param>
/// <param name="SealedBytes">Bytes of their partitions.</param>
/// <param name="PackedBytes">Of these, the packed frames themselves.</param>
public sealed record StorageSize(long HotRows, long HotBytes, long SealedHours, long SealedFrames, long SealedBytes, long PackedBytes)
{
    // language=sql
    private const string Sql =
        """
        select
            (select count(*) from telemetry.frame),
            (select coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint from pg_inherits where inhparent = 'telemetry.frame'::regclass),
            (select count(*) from telemetry.sealed),
            (select coalesce(sum(frames), 0)::bigint from telemetry.sealed),
            (select coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint from pg_inherits where inhparent = 'telemetry.sealed'::regclass),
            (select coalesce(sum(octet_length(body) + octet_length(newest)), 0)::bigint from telemetry.sealed)
        """;

    /// <summary>Asks the database.</summary>
    public static async Task<StorageSize> Read(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.CommandTimeout = 300;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new StorageSize(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5));
    }
}
