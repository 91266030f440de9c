using EnergyTTT.History.Seals;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Series;

/// <summary>Reads what frames say of one metric, GPU by GPU in the order of time, from rows and sealed frames alike. The caller's transaction sees one moment of the database.</summary>
internal static class ReadFrames
{
    // The metric is a number: the planner sees its value and leaves the other columns out.
    // language=sql
    private const string Sql =
        """
        select
            gpu_id, time, boot_id, sequence, seconds, origin,
            case $1
                when 1 then energy_joules
                when 2 then power_average_watts
                when 3 then power_max_watts
                when 4 then temperature_celsius
                when 5 then memory_temperature_celsius
                when 6 then thermal_margin_celsius
                when 7 then utilization_ratio
                when 8 then memory_activity_ratio
                when 9 then memory_used_bytes
                when 10 then memory_total_bytes
                when 11 then sm_clock_hertz
                when 12 then memory_clock_hertz
                when 13 then power_limit_watts
                when 14 then fan_ratio
                when 15 then throttle_sw_power_cap_seconds
                when 16 then throttle_sw_thermal_seconds
                when 17 then throttle_hw_thermal_seconds
                when 18 then throttle_power_brake_seconds
                when 19 then tokens
                when 20 then samples
                when 21 then energy_joules
                when 22 then energy_joules
            end,
            case $1
                when 21 then tokens
                when 22 then utilization_ratio
            end
        from telemetry.frame
        where gpu_id = any($2)
          and time >= $3
          and time < $4
        order by gpu_id, time, boot_id, sequence
        """;

    private const int JoulesPerToken = 21;
    private const int IdleWatts = 22;

    /// <summary>The frames of some GPUs with from &lt;= time &lt; to.</summary>
    /// <param name="sealedUntil">Up to when frames may be sealed; what is later is not looked for there.</param>
    public static async Task<Dictionary<int, List<FrameReading>>> Execute(
        NpgsqlConnection connection, int metric, int[] gpuIds, DateTime from, DateTime to, DateTime? sealedUntil, CancellationToken cancellationToken)
    {
        var readings = await ReadHot(connection, metric, gpuIds, from, to, cancellationToken);
        if (from >= sealedUntil)
        {
            return readings;
        }

        // Both kinds are in order by themselves; where a GPU has both, its late rows stand among the sealed ones.
        HashSet<int> mixed = [];
        foreach (var (gpu, frames) in await ReadSealed.Execute(connection, gpuIds, from, to, cancellationToken))
        {
            if (!readings.TryGetValue(gpu, out var list))
            {
                readings[gpu] = list = [];
            }
            else
            {
                mixed.Add(gpu);
            }

            Add(list, frames, metric, from, to);
        }

        foreach (var gpu in mixed)
        {
            readings[gpu].Sort();
        }

        return readings;
    }

    private static async Task<Dictionary<int, List<FrameReading>>> ReadHot(NpgsqlConnection connection, int metric, int[] gpuIds, DateTime from, DateTime to, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = metric },
                new NpgsqlParameter<int[]> { TypedValue = gpuIds },
                new NpgsqlParameter<DateTime> { TypedValue = from },
                new NpgsqlParameter<DateTime> { TypedValue = to },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var readings = new Dictionary<int, List<FrameReading>>();
        var (last, list) = (-1, new List<FrameReading>());
        while (await reader.ReadAsync(cancellationToken))
        {
            var gpu = reader.GetInt32(0);
            if (gpu != last)
            {
                readings[last = gpu] = list = [];
            }

            Add(
                list, metric, reader.GetInt64(1), reader.GetInt32(2), reader.GetInt64(3), reader.GetDouble(4), (Origin)reader.GetInt16(5),
                reader.IsDBNull(6) ? null : reader.GetDouble(6), reader.IsDBNull(7) ? null : reader.GetDouble(7));
        }

        return readings;
    }

    private static void Add(List<FrameReading> list, SealedFrames frames, int metric, DateTime from, DateTime to)
    {
        // The codes of the first metrics are those of the columns, counted from the first reading.
        var reading = metric >= JoulesPerToken ? FrameColumn.EnergyJoules : FrameColumn.EnergyJoules + metric - 1;
        var second = metric switch
        {
            JoulesPerToken => FrameColumn.Tokens,
            IdleWatts => FrameColumn.UtilizationRatio,
            _ => (FrameColumn?)null,
        };
        var (times, boots, sequences, seconds, origins) = (frames[FrameColumn.Time].Bits, frames[FrameColumn.Boot].Bits, frames[FrameColumn.Sequence].Bits, frames[FrameColumn.Seconds], frames[FrameColumn.Origin].Bits);
        var (values, others) = (frames[reading], second is { } column ? frames[column] : default);
        var (first, after) = frames.Between(from, to);
        for (var row = first; row < after; row++)
        {
            Add(
                list, metric, times[row], (int)boots[row], sequences[row], seconds.Real(row) ?? 0, (Origin)origins[row],
                Number(reading, values, row), second is { } wanted ? Number(wanted, others, row) : null);
        }
    }

    private static double? Number(FrameColumn column, FrameValues values, int row) => column.IsReal() ? values.Real(row) : values.Whole(row);

    /// <summary>What a frame tells: the reading, and what quotients are divided by. Frames that lack either tell nothing.</summary>
    private static void Add(List<FrameReading> list, int metric, long time, int boot, long sequence, double seconds, Origin origin, double? reading, double? second)
    {
        var (value, weight) = metric switch
        {
            JoulesPerToken => second is null ? (null, null) : (reading, second),
            IdleWatts => second is null ? (null, null) : (second > 0 && reading is not null ? 0 : reading, seconds),
            _ => (reading, (double?)null),
        };
        if (value is { } known && (metric < JoulesPerToken || weight > 0))
        {
            list.Add(new FrameReading(time, boot, sequence, seconds, known, weight, origin));
        }
    }
}

/// <summary>What one frame says of one metric.</summary>
/// <param name="Time">End of its interval, microseconds since 2000.</param>
/// <param name="Boot">The short key of its boot.</param>
/// <param name="Sequence">Its number in the boot.</param>
/// <param name="Seconds">Length of its interval.</param>
/// <param name="Value">The reading.</param>
/// <param name="Weight">Of quotients: what it is divided by; null of others, whose weight are the seconds.</param>
/// <param name="Origin">Where it comes from.</param>
internal readonly record struct FrameReading(long Time, int Boot, long Sequence, double Seconds, double Value, double? Weight, Origin Origin) : IComparable<FrameReading>
{
    /// <summary>By time, then by boot and sequence, as rows and sealed frames are.</summary>
    public int CompareTo(FrameReading other)
    {
        var by = Time.CompareTo(other.Time);
        by = by != 0 ? by : Boot.CompareTo(other.Boot);
        return by != 0 ? by : Sequence.CompareTo(other.Sequence);
    }
}
