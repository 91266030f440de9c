using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Npgsql;

namespace EnergyTTT.History.Backtests;

/// <summary>Reads the record that backtests replay.</summary>
public sealed class UsageRecordReader(NpgsqlDataSource source)
{
    private const int MostSampledRows = 4_000;

    // language=sql
    private const string StretchSql =
        """
        with part as (
            select
                date_bin('5 minutes', max(received_at), '2000-01-01') as start, arm,
                max(tokens) as tokens, max(tokens) / max(batch_tokens) as steps, max(epoch) as epoch,
                max(energy_joules) as measured,
                case when count(modelled_joules) = count(*) then sum(modelled_joules) end as modelled,
                avg(distinct_experts_mean) as distinct_experts, avg(retained_mass_mean) as mass
            from routing.chunk
            where deployment_id = $1
              and received_at >= $2
              and received_at < $3
            group by replica, chunk, arm
        )
        select
            start, arm = 1, count(*), sum(tokens)::bigint, sum(steps)::double precision,
            coalesce(case when count(measured) = count(*) then sum(measured) end, case when count(modelled) = count(*) then sum(modelled) end),
            (sum(distinct_experts * steps) / nullif(sum(steps) filter (where distinct_experts is not null), 0))::double precision,
            (sum(mass * tokens) / nullif(sum(tokens) filter (where mass is not null), 0))::double precision,
            max(epoch)
        from part
        group by start, arm
        order by start, arm
        """;

    // Chunks are sampled evenly: the greater the record, the fewer of them say how demand is spread.
    // language=sql
    private const string DemandSql =
        """
        select layer, tokens, expert_counts
        from routing.chunk
        where deployment_id = $1
          and received_at >= $2
          and received_at < $3
          and chunk % $4 = 0
        order by received_at desc
        limit $5
        """;

    // language=sql
    private const string TelemetrySql =
        """
        select
            date_bin('5 minutes', minute.minute, '2000-01-01') as start,
            sum(minute.power_average_watts_sum) / nullif(sum(minute.power_average_watts_count), 0),
            (sum(minute.temperature_celsius_sum) / nullif(sum(minute.temperature_celsius_count), 0))::double precision
        from telemetry.frame_1m as minute
        join telemetry.gpu on gpu.gpu_id = minute.gpu_id
        where gpu.uuid = any($1)
          and minute.minute >= $2
          and minute.minute < $3
        group by start
        order by start
        """;

    /// <summary>The record of a deployment.</summary>
    /// <param name="deployment">Its compact key.</param>
    /// <param name="layers">Its layers.</param>
    /// <param name="gpus">Its GPUs.</param>
    /// <param name="from">Begin, inclusive.</param>
    /// <param name="to">End, exclusive.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<UsageRecord> Read(int deployment, int layers, IReadOnlyList<string> gpus, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var stretches = ImmutableArray.CreateBuilder<UsageStretch>();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using (var command = Range(connection, StretchSql, deployment, from, to))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                stretches.Add(new(
                    reader.GetFieldValue<DateTimeOffset>(0), reader.GetBoolean(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetDouble(4), Number(reader, 5), Number(reader, 6), Number(reader, 7), reader.GetInt64(8)));
            }
        }

        var chunks = stretches.Sum(stretch => stretch.Chunks);
        var demand = await Demand(connection, deployment, layers, Math.Max(1, chunks * layers / MostSampledRows), from, to, cancellationToken);
        var telemetry = ImmutableArray.CreateBuilder<TelemetryStretch>();
        await using (var command = new NpgsqlCommand(TelemetrySql, connection))
        {
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. gpus] });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = from.ToUniversalTime() });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = to.ToUniversalTime() });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                telemetry.Add(new(reader.GetFieldValue<DateTimeOffset>(0), Number(reader, 1), Number(reader, 2)));
            }
        }

        return new(stretches.ToImmutable(), demand, telemetry.ToImmutable());
    }

    private static async Task<ImmutableArray<ImmutableArray<double>>> Demand(NpgsqlConnection connection, int deployment, int layers, long every, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var counts = new double[layers][];
        var tokens = new double[layers];
        await using var command = Range(connection, DemandSql, deployment, from, to);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = every });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = 2 * MostSampledRows });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var layer = reader.GetInt16(0);
            var row = MemoryMarshal.Cast<byte, int>(reader.GetFieldValue<byte[]>(2));
            if (layer >= layers || (counts[layer] is { } known && known.Length != row.Length))
            {
                continue;
            }

            counts[layer] ??= new double[row.Length];
            for (var expert = 0; expert < row.Length; expert++)
            {
                counts[layer][expert] += row[expert];
            }

            tokens[layer] += reader.GetInt64(1);
        }

        return [.. counts.Select((row, layer) => row is null ? [] : (ImmutableArray<double>)[.. row.Select(count => count / tokens[layer])])];
    }

    private static NpgsqlCommand Range(NpgsqlConnection connection, string sql, int deployment, DateTimeOffset from, DateTimeOffset to) => new(sql, connection)
    {
        Parameters =
        {
            new NpgsqlParameter<int> { TypedValue = deployment },
            new NpgsqlParameter<DateTimeOffset> { TypedValue = from.ToUniversalTime() },
            new NpgsqlParameter<DateTimeOffset> { TypedValue = to.ToUniversalTime() },
        },
    };

    private static double? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : Convert.ToDouble(reader.GetValue(column), System.Globalization.CultureInfo.InvariantCulture);
}
