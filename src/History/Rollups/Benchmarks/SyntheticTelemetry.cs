using EnergyTTT.History.Partitions;
using EnergyTTT.History.Seals;
using Npgsql;

namespace EnergyTTT.History.Rollups.Benchmarks;

/// <summary>
/// Fills a history with what a fleet would have left there: minutes and hours by statements, sealed seconds by packed hours that several GPUs share. Every value follows from GPU and time, so that
/// answers can be checked. Meant for a database that is thrown away.
/// </summary>
public static class SyntheticTelemetry
{
    private const int Variants = 8;

    // language=sql
    private const string Columns =
        """
        frames, seconds, origin, last_time, token_energy_joules, token_count, idle_energy_joules, idle_watched_seconds,
            energy_joules_sum, energy_joules_count, energy_joules_min, energy_joules_max, energy_joules_last,
            power_average_watts_sum, power_average_watts_count, power_average_watts_min, power_average_watts_max, power_average_watts_last,
            power_max_watts_sum, power_max_watts_count, power_max_watts_min, power_max_watts_max, power_max_watts_last,
            temperature_celsius_sum, temperature_celsius_count, temperature_celsius_min, temperature_celsius_max, temperature_celsius_last,
            memory_temperature_celsius_sum, memory_temperature_celsius_count, memory_temperature_celsius_min, memory_temperature_celsius_max, memory_temperature_celsius_last,
            thermal_margin_celsius_sum, thermal_margin_celsius_count, thermal_margin_celsius_min, thermal_margin_celsius_max, thermal_margin_celsius_last,
            utilization_ratio_sum, utilization_ratio_count, utilization_ratio_min, utilization_ratio_max, utilization_ratio_last,
            memory_activity_ratio_sum, memory_activity_ratio_count, memory_activity_ratio_min, memory_activity_ratio_max, memory_activity_ratio_last,
            memory_used_bytes_sum, memory_used_bytes_count, memory_used_bytes_min, memory_used_bytes_max, memory_used_bytes_last,
            memory_total_bytes_sum, memory_total_bytes_count, memory_total_bytes_min, memory_total_bytes_max, memory_total_bytes_last,
            sm_clock_hertz_sum, sm_clock_hertz_count, sm_clock_hertz_min, sm_clock_hertz_max, sm_clock_hertz_last,
            memory_clock_hertz_sum, memory_clock_hertz_count, memory_clock_hertz_min, memory_clock_hertz_max, memory_clock_hertz_last,
            power_limit_watts_sum, power_limit_watts_count, power_limit_watts_min, power_limit_watts_max, power_limit_watts_last,
            fan_ratio_sum, fan_ratio_count, fan_ratio_min, fan_ratio_max, fan_ratio_last,
            throttle_sw_power_cap_seconds_sum, throttle_sw_power_cap_seconds_count, throttle_sw_power_cap_seconds_min, throttle_sw_power_cap_seconds_max, throttle_sw_power_cap_seconds_last,
            throttle_sw_thermal_seconds_sum, throttle_sw_thermal_seconds_count, throttle_sw_thermal_seconds_min, throttle_sw_thermal_seconds_max, throttle_sw_thermal_seconds_last,
            throttle_hw_thermal_seconds_sum, throttle_hw_thermal_seconds_count, throttle_hw_thermal_seconds_min, throttle_hw_thermal_seconds_max, throttle_hw_thermal_seconds_last,
            throttle_power_brake_seconds_sum, throttle_power_brake_seconds_count, throttle_power_brake_seconds_min, throttle_power_brake_seconds_max, throttle_power_brake_seconds_last,
            tokens_sum, tokens_count, tokens_min, tokens_max, tokens_last,
            samples_sum, samples_count, samples_min, samples_max, samples_last
        """;

    // language=sql
    private const string Values =
        """
        n, n, 3, moment + interval '59 seconds', watts * n, round(watts * 20) * n, 0, n,
                (watts) * n, n, watts, watts, watts,
                (watts) * n, n, watts, watts, watts,
                (watts + 20) * n, n, watts + 20, watts + 20, watts + 20,
                (round(30 + watts / 15)) * n, n, round(30 + watts / 15), round(30 + watts / 15), round(30 + watts / 15),
                (round(35 + watts / 14)) * n, n, round(35 + watts / 14), round(35 + watts / 14), round(35 + watts / 14),
                null, 0, null, null, null,
                (1) * n, n, 1, 1, 1,
                (0.5) * n, n, 0.5, 0.5, 0.5,
                (14214496256) * n, n, 14214496256, 14214496256, 14214496256,
                null, 0, null, null, null,
                (1980000000) * n, n, 1980000000, 1980000000, 1980000000,
                (2619000000) * n, n, 2619000000, 2619000000, 2619000000,
                (700) * n, n, 700, 700, 700,
                null, 0, null, null, null,
                (0) * n, n, 0, 0, 0,
                (0) * n, n, 0, 0, 0,
                (0) * n, n, 0, 0, 0,
                (0) * n, n, 0, 0, 0,
                (round(watts * 20)) * n, n, round(watts * 20), round(watts * 20), round(watts * 20),
                (20) * n, n, 20, 20, 20
        """;

    // The power of a GPU moves over the day and from GPU to GPU, to the milliwatt. "offset 0" keeps the planner from working it out again for each column that follows from it.
    // language=sql
    private const string Source =
        """
        (
            select
                g.gpu_id, moment, $4::double precision as n,
                round((350 + 200 * sin(extract(epoch from moment) / 13750.99 + g.gpu_id) + (hashint8(extract(epoch from moment)::bigint * 7919 + g.gpu_id) % 20000) / 1000.0)::numeric, 3)::double precision as watts
            from generate_series($1::timestamptz, $2::timestamptz - $3, $3) as moment
            cross join telemetry.gpu g
            where g.uuid like $5
            offset 0
        ) as given
        """;

    // language=sql
    private const string MinutesSql = $"insert into telemetry.frame_1m (gpu_id, minute, {Columns}) select gpu_id, moment, {Values} from {Source}";

    // language=sql
    private const string HoursSql = $"insert into telemetry.frame_1h (gpu_id, hour, {Columns}) select gpu_id, moment, {Values} from {Source}";

    // language=sql
    private const string GpusSql = "select gpu_id from telemetry.gpu where uuid like $1 order by gpu_id";

    /// <summary>Makes minutes of a day's part for all GPUs whose identity is like a pattern, and adds them up over the fleet.</summary>
    /// <param name="gpus">A pattern of <c>like</c>.</param>
    public static async Task Minutes(NpgsqlDataSource source, string gpus, DateTime from, DateTime to, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await Execute(connection, PartitionedTable.Minutes, MinutesSql, gpus, from, to, TimeSpan.FromMinutes(1), cancellationToken);
        await RollFleet.Minutes(connection, from, to, cancellationToken);
    }

    /// <summary>The same of hours.</summary>
    public static async Task Hours(NpgsqlDataSource source, string gpus, DateTime from, DateTime to, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await Execute(connection, PartitionedTable.Hours, HoursSql, gpus, from, to, TimeSpan.FromHours(1), cancellationToken);
        await RollFleet.Hours(connection, from, to, cancellationToken);
    }

    /// <summary>Makes sealed hours of seconds: one of eight packed hours for each GPU.</summary>
    /// <returns>Frames made.</returns>
    public static async Task<long> Seconds(NpgsqlDataSource source, string gpus, DateTime from, DateTime to, int seed, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var ids = await Gpus(connection, gpus, cancellationToken);
        var frames = 0L;
        for (var hour = from; hour < to; hour += SealSpan.Length)
        {
            await AddPartition.Execute(connection, PartitionedTable.Sealed, DateOnly.FromDateTime(hour), cancellationToken);
            var packed = Enumerable.Range(0, Variants).Select(variant => UpsertSealed.Row.Pack(0, Hour(hour, (seed * 1000) + variant))).ToArray();
            foreach (var some in ids.Chunk(64))
            {
                await UpsertSealed.Execute(connection, hour, [.. some.Select(gpu => packed[gpu % Variants] with { GpuId = gpu })], cancellationToken);
                frames += some.Sum(gpu => (long)packed[gpu % Variants].Frames);
            }
        }

        await RollupState.Advance(connection, RollupState.Seal, to, cancellationToken);
        return frames;
    }

    /// <summary>Says that minutes are complete, and hours up to the last whole one.</summary>
    public static async Task Complete(NpgsqlDataSource source, DateTime minutesUntil, DateTime hoursUntil, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await RollupState.Advance(connection, RollupState.Minute, minutesUntil, cancellationToken);
        await RollupState.Advance(connection, RollupState.Hour, hoursUntil, cancellationToken);
    }

    private static FrameColumns Hour(DateTime hour, int seed)
    {
        var random = new Random(seed);
        var frames = new FrameColumns(3600);
        var milliwatts = 400_000;
        for (var second = 0; second < 3600; second++)
        {
            milliwatts = Math.Clamp(milliwatts + random.Next(-9_000, 9_001), 100_000, 690_000);
            frames.AddRow();
            frames.Put(FrameColumn.Time, SealSpan.Microseconds(hour.AddSeconds(second)));
            frames.Put(FrameColumn.Received, SealSpan.Microseconds(hour.AddSeconds(second)) + random.Next(5_000, 40_000));
            frames.Put(FrameColumn.Sequence, second);
            frames.Put(FrameColumn.Boot, 1);
            frames.Put(FrameColumn.Seconds, 1d);
            frames.Put(FrameColumn.EnergyJoules, (milliwatts + random.Next(-500, 500)) / 1000d);
            frames.Put(FrameColumn.PowerAverageWatts, milliwatts / 1000d);
            frames.Put(FrameColumn.PowerMaxWatts, (milliwatts + random.Next(20_000)) / 1000d);
            frames.Put(FrameColumn.TemperatureCelsius, Math.Round(30 + (milliwatts / 15_000d)));
            frames.Put(FrameColumn.MemoryTemperatureCelsius, Math.Round(35 + (milliwatts / 14_000d)));
            frames.Put(FrameColumn.UtilizationRatio, random.Next(95, 101) / 100d);
            frames.Put(FrameColumn.MemoryUsedBytes, 14_214_496_256);
            frames.Put(FrameColumn.SmClockHertz, 1.98e9);
            frames.Put(FrameColumn.PowerLimitWatts, 700d);
            frames.Put(FrameColumn.Tokens, random.Next(7_000, 9_000));
            frames.Put(FrameColumn.Samples, 20);
            frames.Put(FrameColumn.Origin, 3);
        }

        return frames;
    }

    private static async Task Execute(NpgsqlConnection connection, PartitionedTable table, string sql, string gpus, DateTime from, DateTime to, TimeSpan step, CancellationToken cancellationToken)
    {
        for (var day = DateOnly.FromDateTime(from); day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) < to; day = day.AddDays(1))
        {
            await AddPartition.Execute(connection, table, day, cancellationToken);
        }

        await using var command = new NpgsqlCommand(sql, connection)
        {
            CommandTimeout = 0,
            Parameters =
            {
                new NpgsqlParameter<DateTime> { TypedValue = from },
                new NpgsqlParameter<DateTime> { TypedValue = to },
                new NpgsqlParameter<TimeSpan> { TypedValue = step },
                new NpgsqlParameter<int> { TypedValue = (int)step.TotalSeconds },
                new NpgsqlParameter<string> { TypedValue = gpus },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async Task<int[]> Gpus(NpgsqlConnection connection, string gpus, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(GpusSql, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = gpus } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new List<int>();
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add(reader.GetInt32(0));
        }

        return [.. ids];
    }
}
