using EnergyTTT.Wire.Rollouts;
using Npgsql;

namespace EnergyTTT.History.Rollouts;

/// <summary>How deployments did over a stretch of time, from their usage history: what guards of rollouts compare. Hold-out blocks are left out on both sides.</summary>
public sealed class VitalsReader(NpgsqlDataSource source)
{
    // language=sql
    private const string Chunks =
        """
        with part as (
            select
                replica, chunk, phase,
                floor(log(2, max(batch_tokens)::numeric))::integer as band,
                max(tokens) as tokens,
                max(latency_ms) as latency_ms,
                max(energy_joules) as measured,
                case when count(modelled_joules) = count(*) then sum(modelled_joules) end as modelled,
                avg(retained_mass_mean) filter (where layer = any($4)) as mass
            from routing.chunk
            where deployment_id = $1
              and received_at >= $2
              and received_at < $3
              and arm = 0
            group by replica, chunk, phase
        )
        """;

    // language=sql
    private const string WholeSql = Chunks +
        """
        select
            count(*), count(distinct replica)::integer,
            percentile_cont(0.95) within group (order by latency_ms),
            (sum(mass * tokens) / nullif(sum(tokens) filter (where mass is not null), 0))::double precision
        from part
        """;

    // language=sql
    private const string BandSql = Chunks +
        """
        select
            phase::integer, band, count(*), sum(tokens)::bigint,
            coalesce(case when count(measured) = count(*) then sum(measured) end, case when count(modelled) = count(*) then sum(modelled) end)
        from part
        group by phase, band
        order by phase, band
        """;

    /// <summary>Reads a stretch (from inclusive, to exclusive).</summary>
    /// <param name="deployment">The deployment's compact key.</param>
    /// <param name="layers">The layers whose retained mass counts.</param>
    /// <param name="from">When it begins.</param>
    /// <param name="to">When it ends.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<Vitals> Read(int deployment, IReadOnlyList<int> layers, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        await using var batch = source.CreateBatch();
        foreach (var sql in new[] { WholeSql, BandSql })
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql)
            {
                Parameters =
                {
                    new NpgsqlParameter<int> { TypedValue = deployment },
                    new NpgsqlParameter<DateTimeOffset> { TypedValue = from.ToUniversalTime() },
                    new NpgsqlParameter<DateTimeOffset> { TypedValue = to.ToUniversalTime() },
                    new NpgsqlParameter<short[]> { TypedValue = [.. layers.Select(layer => (short)layer)] },
                },
            });
        }

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var (chunks, replicas, latency, mass) = (reader.GetInt64(0), reader.GetInt32(1), Number(reader, 2), Number(reader, 3));
        var bands = new List<VitalBand>();
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            bands.Add(new(reader.GetInt32(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetInt64(3), Number(reader, 4)));
        }

        return new(chunks, replicas, bands, latency, mass);
    }

    private static double? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);
}
