using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EnergyTTT.Wire.Deployments;
using Npgsql;

namespace EnergyTTT.History.Deployments;

/// <summary>A chunk as the history keeps it: what the ledger needs of it, and when it came.</summary>
public sealed record KeptChunk(ChunkFeedback Feedback, DateTimeOffset Received);

/// <summary>Reads counted chunks back, for a deployment that wakes up in the middle of a minute.</summary>
public sealed class ChunkReader(NpgsqlDataSource dataSource)
{
    /// <summary>
    /// The chunks that no minute of the ledger contains yet, oldest first; none of more than <paramref name="longest"/> ago. What a chunk's layers have besides their
    /// counts and distinct experts is not read.
    /// </summary>
    public async Task<ImmutableArray<KeptChunk>> Unledgered(int deploymentId, DateTimeOffset now, TimeSpan longest, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select received_at, replica, chunk, arm, phase, tokens, batch_tokens, energy_joules, layer, distinct_experts_mean, expert_counts
            from routing.chunk
            where deployment_id = $1
              and received_at >= $2
              and received_at >= coalesce((select max(minute) + interval '1 minute' from routing.ledger where deployment_id = $1), $2)
            order by received_at, replica, chunk, layer
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = (now - longest).ToUniversalTime() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var chunks = ImmutableArray.CreateBuilder<KeptChunk>();
        var layers = new List<LayerFeedback>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var (replica, number) = (reader.GetString(1), reader.GetInt64(2));
            if (chunks.Count == 0 || chunks[^1].Feedback.Chunk != number || chunks[^1].Feedback.Replica != replica)
            {
                layers = [];
                chunks.Add(new KeptChunk(
                    new ChunkFeedback
                    {
                        Replica = replica, Chunk = number, Epoch = 0, Arm = (SteeringArm)reader.GetInt16(3), Phase = (InferencePhase)reader.GetInt16(4), Tokens = reader.GetInt64(5),
                        BatchTokens = reader.GetFloat(6), EnergyJoules = reader.IsDBNull(7) ? null : reader.GetDouble(7), Layers = layers,
                    },
                    reader.GetFieldValue<DateTimeOffset>(0)));
            }

            var counts = MemoryMarshal.Cast<byte, int>(reader.GetFieldValue<byte[]>(10));
            layers.Add(new LayerFeedback
            {
                Layer = reader.GetInt16(8), DistinctExpertsMean = reader.IsDBNull(9) ? null : reader.GetFloat(9), ExpertCounts = [.. counts.ToArray().Select(count => (long)count)], MeanGateProbability = [],
            });
        }

        return chunks.ToImmutable();
    }
}
