using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Deployments;

/// <summary>What was placed on one replica in one minute.</summary>
/// <param name="Minute">Start of the minute, UTC.</param>
/// <param name="Replica">The replica.</param>
/// <param name="PlacedTreated">Requests placed by the policy's rule.</param>
/// <param name="PlacedHeldOut">Requests placed in turn, in blocks of the hold-out or without steering.</param>
/// <param name="ExtraExpertsMean">Mean of the extra distinct experts per layer that the treated ones were expected to add; null when there were none.</param>
/// <param name="Load">Requests that decoded, waited or were on their way at the end.</param>
/// <param name="Queue">Requests that waited at the end; null when not reported.</param>
/// <param name="Signature">The replica's mean usage signature, 64 numbers; empty when it keeps none.</param>
public sealed record ReplicaMinute(
    DateTimeOffset Minute, string Replica, int PlacedTreated, int PlacedHeldOut, double? ExtraExpertsMean, double Load, int? Queue, ImmutableArray<float> Signature);

/// <summary>The history of placements in <c>routing.replica_minute</c>.</summary>
public sealed class PlacementStore(NpgsqlDataSource dataSource)
{
    /// <summary>Writes finished minutes; what is there already is added to, so that a minute that moved between two silos is whole.</summary>
    public async Task Save(int deploymentId, IReadOnlyList<ReplicaMinute> minutes, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            insert into routing.replica_minute as kept (deployment_id, minute, replica, placed_treated, placed_held_out, extra_experts_mean, load, queue, signature)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (deployment_id, minute, replica) do update
            set placed_treated = kept.placed_treated + excluded.placed_treated,
                placed_held_out = kept.placed_held_out + excluded.placed_held_out,
                extra_experts_mean = coalesce(excluded.extra_experts_mean, kept.extra_experts_mean),
                load = excluded.load,
                queue = excluded.queue,
                signature = coalesce(excluded.signature, kept.signature)
            """;
        await using var batch = dataSource.CreateBatch();
        foreach (var minute in minutes)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Sql)
            {
                Parameters =
                {
                    new NpgsqlParameter<int> { TypedValue = deploymentId },
                    new NpgsqlParameter<DateTimeOffset> { TypedValue = minute.Minute.ToUniversalTime() },
                    new NpgsqlParameter<string> { TypedValue = minute.Replica },
                    new NpgsqlParameter<int> { TypedValue = minute.PlacedTreated },
                    new NpgsqlParameter<int> { TypedValue = minute.PlacedHeldOut },
                    new NpgsqlParameter { Value = (object?)(float?)minute.ExtraExpertsMean ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Real },
                    new NpgsqlParameter<float> { TypedValue = (float)minute.Load },
                    new NpgsqlParameter { Value = (object?)minute.Queue ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer },
                    new NpgsqlParameter { Value = minute.Signature.IsDefaultOrEmpty ? DBNull.Value : MemoryMarshal.AsBytes(minute.Signature.AsSpan()).ToArray(), NpgsqlDbType = NpgsqlDbType.Bytea },
                },
            });
        }

        if (batch.BatchCommands.Count > 0)
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>The minutes of a range (from inclusive, to exclusive), by minute and replica.</summary>
    public async Task<ImmutableArray<ReplicaMinute>> Read(int deploymentId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select minute, replica, placed_treated, placed_held_out, extra_experts_mean, load, queue, signature
            from routing.replica_minute
            where deployment_id = $1
              and minute >= $2
              and minute < $3
            order by minute, replica
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = from.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = to.ToUniversalTime() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<ReplicaMinute>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new ReplicaMinute(
                reader.GetFieldValue<DateTimeOffset>(0), reader.GetString(1), reader.GetInt32(2), reader.GetInt32(3), reader.IsDBNull(4) ? null : reader.GetFloat(4), reader.GetFloat(5),
                reader.IsDBNull(6) ? null : reader.GetInt32(6), reader.IsDBNull(7) ? [] : [.. MemoryMarshal.Cast<byte, float>(reader.GetFieldValue<byte[]>(7))]));
        }

        return rows.ToImmutable();
    }
}
