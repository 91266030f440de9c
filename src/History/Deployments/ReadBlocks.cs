using System.Collections.Immutable;
using EnergyTTT.Wire.Deployments;
using Npgsql;

namespace EnergyTTT.History.Deployments;

/// <summary>What one arm did in one block of the hold-out, within one phase and one band of batch sizes.</summary>
/// <param name="Block">The block.</param>
/// <param name="Arm">Steered or held out.</param>
/// <param name="Phase">Decode or prefill.</param>
/// <param name="Band">Floor of the binary logarithm of the batch's tokens: only like is compared with like.</param>
/// <param name="Tokens">Tokens completed.</param>
/// <param name="MeasuredJoules">Joules by the engine's counters; null when any chunk lacks them.</param>
/// <param name="ModelledJoules">Joules by the cost table; null when any layer lacks them.</param>
/// <param name="LatencyMs">Mean milliseconds per step; null when not reported.</param>
/// <param name="DistinctExperts">Mean distinct experts per layer and step; null when not reported.</param>
/// <param name="RetainedMass">Mean retained mass; null when not reported.</param>
/// <param name="RetainedMassP01">Least first percentile of any chunk and layer; null when not reported.</param>
/// <param name="KlMean">Mean divergence from the gate, nats; null when not reported.</param>
public sealed record ArmBlock(
    long Block, SteeringArm Arm, InferencePhase Phase, int Band, long Tokens, double? MeasuredJoules, double? ModelledJoules, double? LatencyMs, double? DistinctExperts,
    double? RetainedMass, double? RetainedMassP01, double? KlMean);

/// <summary>The blocks of a deployment, oldest first: what savings are computed from.</summary>
public sealed class BlockReader(NpgsqlDataSource dataSource)
{
    // language=sql
    private const string Sql =
        """
        with chunk as (
            select
                block, arm, phase, floor(log(2, batch_tokens::numeric))::integer as band, replica, chunk,
                max(tokens) as tokens,
                max(energy_joules) as measured_joules,
                case when count(modelled_joules) = count(*) then sum(modelled_joules) end as modelled_joules,
                avg(latency_ms) as latency_ms,
                avg(distinct_experts_mean) as distinct_experts,
                avg(retained_mass_mean) as retained_mass,
                min(retained_mass_p01) as retained_mass_p01,
                avg(kl_mean) as kl_mean
            from routing.chunk
            where deployment_id = $1
              and received_at >= $2
              and block < $3
            group by block, arm, phase, band, replica, chunk
        )
        select
            block, arm, phase, band,
            sum(tokens)::bigint,
            case when count(measured_joules) = count(*) then sum(measured_joules) end,
            case when count(modelled_joules) = count(*) then sum(modelled_joules) end,
            avg(latency_ms),
            avg(distinct_experts),
            sum(retained_mass * tokens) / nullif(sum(tokens) filter (where retained_mass is not null), 0),
            min(retained_mass_p01)::double precision,
            sum(kl_mean * tokens) / nullif(sum(tokens) filter (where kl_mean is not null), 0)
        from chunk
        group by block, arm, phase, band
        order by block, arm, phase, band
        """;

    /// <summary>The blocks received since <paramref name="from"/> and before block <paramref name="unfinished"/>.</summary>
    public async Task<ImmutableArray<ArmBlock>> Read(int deploymentId, DateTimeOffset from, long unfinished, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = from.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = unfinished });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<ArmBlock>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new ArmBlock(
                reader.GetInt64(0), (SteeringArm)reader.GetInt16(1), (InferencePhase)reader.GetInt16(2), reader.GetInt32(3), reader.GetInt64(4),
                Number(reader, 5), Number(reader, 6), Number(reader, 7), Number(reader, 8), Number(reader, 9), Number(reader, 10), Number(reader, 11)));
        }

        return rows.ToImmutable();
    }

    private static double? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);
}
