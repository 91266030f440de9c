using System.Collections.Immutable;
using System.Security.Cryptography;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Routers;

/// <summary>What is known of a snapshot without reading its weights.</summary>
/// <param name="Number">Counts the snapshots of a router; never repeated.</param>
/// <param name="Step">The learner's update count when it was taken; a restore sets it back.</param>
/// <param name="Cause">Why it was taken: <c>updates, interval, promotion, deactivation, restore, fork</c> or <c>manual</c>.</param>
/// <param name="Promoted">Promoted snapshots are kept for ever.</param>
/// <param name="Bytes">Size of the weights.</param>
/// <param name="Sha256">Digest of the weights, lower-case hexadecimal.</param>
/// <param name="Sidecar">JSON beside the weights.</param>
/// <param name="CreatedAt">When it was taken.</param>
public sealed record SnapshotEntry(long Number, long Step, string Cause, bool Promoted, int Bytes, string Sha256, string Sidecar, DateTimeOffset CreatedAt);

/// <summary>A snapshot with its weights.</summary>
public sealed record RouterSnapshot(SnapshotEntry Entry, byte[] Weights);

/// <summary>The time machine of routers, in <c>routing.snapshot</c>. A snapshot is never overwritten.</summary>
public sealed class SnapshotStore(NpgsqlDataSource dataSource)
{
    /// <summary>Snapshots per router that are kept besides the promoted ones.</summary>
    public const int Kept = 3;

    /// <summary>Stores a snapshot and answers its number.</summary>
    public async Task<long> Save(int deploymentId, int layer, long step, string cause, bool promoted, byte[] weights, string sidecar, DateTimeOffset time, CancellationToken cancellationToken)
    {
        // language=sql
        const string InsertSql =
            """
            insert into routing.snapshot (deployment_id, layer, number, step, cause, promoted, weights, sidecar, sha256, created_at)
            select $1, $2, coalesce(max(number), 0) + 1, $3, $4, $5, $6, $7, $8, $9
            from routing.snapshot
            where deployment_id = $1
              and layer = $2
            returning number
            """;

        // language=sql
        const string PruneSql =
            """
            delete from routing.snapshot
            where deployment_id = $1
              and layer = $2
              and not promoted
              and cause in ('updates', 'interval', 'deactivation')
              and number < (
                  select min(number)
                  from (
                      select number
                      from routing.snapshot
                      where deployment_id = $1
                        and layer = $2
                      order by number desc
                      limit $3
                  ) as newest
              )
            """;
        await using var batch = dataSource.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(InsertSql)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = deploymentId },
                new NpgsqlParameter<short> { TypedValue = (short)layer },
                new NpgsqlParameter<long> { TypedValue = step },
                new NpgsqlParameter<string> { TypedValue = cause },
                new NpgsqlParameter<bool> { TypedValue = promoted },
                new NpgsqlParameter<byte[]> { TypedValue = weights },
                new NpgsqlParameter { Value = sidecar, NpgsqlDbType = NpgsqlDbType.Jsonb },
                new NpgsqlParameter<byte[]> { TypedValue = SHA256.HashData(weights) },
                new NpgsqlParameter<DateTimeOffset> { TypedValue = time.ToUniversalTime() },
            },
        });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(PruneSql)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = deploymentId },
                new NpgsqlParameter<short> { TypedValue = (short)layer },
                new NpgsqlParameter<int> { TypedValue = Kept },
            },
        });
        return (long)(await batch.ExecuteScalarAsync(cancellationToken))!; // an insert with returning answers a row
    }

    /// <summary>The snapshots of a router, newest first.</summary>
    public async Task<ImmutableArray<SnapshotEntry>> List(int deploymentId, int layer, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select number, step, cause, promoted, octet_length(weights), encode(sha256, 'hex'), sidecar::text, created_at
            from routing.snapshot
            where deployment_id = $1
              and layer = $2
            order by number desc
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)layer });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<SnapshotEntry>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(Entry(reader));
        }

        return rows.ToImmutable();
    }

    /// <summary>The snapshot of a number, or the newest for null; null when there is none.</summary>
    public async Task<RouterSnapshot?> Read(int deploymentId, int layer, long? number, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select number, step, cause, promoted, octet_length(weights), encode(sha256, 'hex'), sidecar::text, created_at, weights
            from routing.snapshot
            where deployment_id = $1
              and layer = $2
              and ($3::bigint is null or number = $3)
            order by number desc
            limit 1
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)layer });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)number ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? new RouterSnapshot(Entry(reader), reader.GetFieldValue<byte[]>(8)) : null;
    }

    private static SnapshotEntry Entry(NpgsqlDataReader reader) =>
        new(
            reader.GetInt64(0), reader.GetInt64(1), reader.GetString(2), reader.GetBoolean(3), reader.GetInt32(4), reader.GetString(5), reader.GetString(6),
            reader.GetFieldValue<DateTimeOffset>(7));
}
