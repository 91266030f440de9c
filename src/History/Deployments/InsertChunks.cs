using System.Runtime.InteropServices;
using EnergyTTT.Wire.Deployments;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Deployments;

/// <summary>Counts chunks once: the receipts decide which of them are new, and only those add rows of usage history.</summary>
internal static class InsertChunks
{
    // language=sql
    private const string ReceiptSql =
        """
        insert into routing.chunk_receipt (deployment_id, replica, chunk, received_at)
        select deployment_id, replica, chunk, received_at
        from unnest($1::integer[], $2::text[], $3::bigint[], $4::timestamptz[]) as given (deployment_id, replica, chunk, received_at)
        on conflict (deployment_id, replica, chunk) do nothing
        returning deployment_id, replica, chunk
        """;

    // language=sql
    private const string CopySql =
        """
        copy routing.chunk (
            deployment_id, received_at, replica, chunk, layer, epoch, arm, block, phase, tokens, batch_tokens, latency_ms, energy_joules,
            modelled_joules, loss, distinct_experts_mean, retained_mass_mean, retained_mass_p01, kl_mean, guard_trips, expert_counts)
        from stdin (format binary)
        """;

    /// <summary>Answers, record by record, whether it was new. Of two equal chunks in one call the first is new.</summary>
    public static async Task<bool[]> Execute(NpgsqlDataSource dataSource, IReadOnlyList<ChunkRecord> records, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var unseen = await InsertReceipts(connection, records, cancellationToken);
        var isNew = records.Select(record => unseen.Remove((record.DeploymentId, record.Feedback.Replica, record.Feedback.Chunk))).ToArray();
        await using (var import = await connection.BeginBinaryImportAsync(CopySql, cancellationToken))
        {
            for (var i = 0; i < records.Count; i++)
            {
                for (var layer = 0; isNew[i] && layer < records[i].Feedback.Layers.Count; layer++)
                {
                    await WriteRow(import, records[i], layer, cancellationToken);
                }
            }

            await import.CompleteAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return isNew;
    }

    private static async Task<HashSet<(int, string, long)>> InsertReceipts(NpgsqlConnection connection, IReadOnlyList<ChunkRecord> records, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReceiptSql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int[]> { TypedValue = [.. records.Select(record => record.DeploymentId)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. records.Select(record => record.Feedback.Replica)] },
                new NpgsqlParameter<long[]> { TypedValue = [.. records.Select(record => record.Feedback.Chunk)] },
                new NpgsqlParameter<DateTime[]> { TypedValue = [.. records.Select(record => record.Received.UtcDateTime)] },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var unseen = new HashSet<(int, string, long)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            unseen.Add((reader.GetInt32(0), reader.GetString(1), reader.GetInt64(2)));
        }

        return unseen;
    }

    private static async Task WriteRow(NpgsqlBinaryImporter import, ChunkRecord record, int index, CancellationToken cancellationToken)
    {
        var feedback = record.Feedback;
        var layer = feedback.Layers[index];
        await import.StartRowAsync(cancellationToken);
        await import.WriteAsync(record.DeploymentId, NpgsqlDbType.Integer, cancellationToken);
        await import.WriteAsync(record.Received.UtcDateTime, NpgsqlDbType.TimestampTz, cancellationToken);
        await import.WriteAsync(feedback.Replica, NpgsqlDbType.Text, cancellationToken);
        await import.WriteAsync(feedback.Chunk, NpgsqlDbType.Bigint, cancellationToken);
        await import.WriteAsync((short)layer.Layer, NpgsqlDbType.Smallint, cancellationToken);
        await import.WriteAsync(feedback.Epoch, NpgsqlDbType.Bigint, cancellationToken);
        await import.WriteAsync((short)feedback.Arm, NpgsqlDbType.Smallint, cancellationToken);
        await import.WriteAsync(record.Block, NpgsqlDbType.Bigint, cancellationToken);
        await import.WriteAsync((short)feedback.Phase, NpgsqlDbType.Smallint, cancellationToken);
        await import.WriteAsync(feedback.Tokens, NpgsqlDbType.Bigint, cancellationToken);
        await import.WriteAsync((float)feedback.BatchTokens, NpgsqlDbType.Real, cancellationToken);
        await WriteReal(import, feedback.LatencyMs, cancellationToken);
        await WriteDouble(import, feedback.EnergyJoules, cancellationToken);
        await WriteDouble(import, record.ModelledJoules.IsEmpty ? null : record.ModelledJoules[index], cancellationToken);
        await WriteReal(import, feedback.Loss, cancellationToken);
        await WriteReal(import, layer.DistinctExpertsMean, cancellationToken);
        await WriteReal(import, layer.RetainedMassMean, cancellationToken);
        await WriteReal(import, layer.RetainedMassP01, cancellationToken);
        await WriteReal(import, layer.KlMean, cancellationToken);
        if (layer.GuardTrips is { } trips)
        {
            await import.WriteAsync(trips, NpgsqlDbType.Bigint, cancellationToken);
        }
        else
        {
            await import.WriteNullAsync(cancellationToken);
        }

        await import.WriteAsync(Pack(layer.ExpertCounts), NpgsqlDbType.Bytea, cancellationToken);
    }

    private static Task WriteReal(NpgsqlBinaryImporter import, double? value, CancellationToken cancellationToken) =>
        value is { } known ? import.WriteAsync((float)known, NpgsqlDbType.Real, cancellationToken) : import.WriteNullAsync(cancellationToken);

    private static Task WriteDouble(NpgsqlBinaryImporter import, double? value, CancellationToken cancellationToken) =>
        value is { } known ? import.WriteAsync(known, NpgsqlDbType.Double, cancellationToken) : import.WriteNullAsync(cancellationToken);

    private static byte[] Pack(IReadOnlyList<long> counts)
    {
        var packed = new int[counts.Count];
        for (var expert = 0; expert < packed.Length; expert++)
        {
            packed[expert] = checked((int)counts[expert]);
        }

        return MemoryMarshal.AsBytes(packed.AsSpan()).ToArray();
    }
}
