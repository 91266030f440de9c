using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Series;

/// <summary>
/// Reads the points of all series of a query, each from the coarsest level that serves its step, and what is not rolled up
/// yet from the level below. The metric is a number: the planner sees its value and reads only the columns of that metric.
/// </summary>
internal static class ReadSeries
{
    /// <summary>
    /// Up to this step frames are shared among the points that they touch: a GPU whose frames end at 0.99 s and 2.01 s would otherwise be missing from the fleet's sum
    /// at one second and counted twice at another. With longer steps the edges are a small part of a point.
    /// </summary>
    private static readonly TimeSpan LongestSharedStep = TimeSpan.FromSeconds(1);

    /// <summary>Frames that end this much after the range may still tell of its last point.</summary>
    private static readonly TimeSpan LongestFrame = TimeSpan.FromSeconds(2);

    // language=sql
    private const string Sql =
        """
        with wanted as (
            select gpu_id, series
            from unnest($2, $3) as wanted (gpu_id, series)
        ), state as (
            select
                coalesce((select done_until from telemetry.rollup_state where level = 'hour'), '-infinity') as hours_until,
                coalesce((select done_until from telemetry.rollup_state where level = 'minute'), '-infinity') as minutes_until
        ), bounds as (
            -- What is older than each bound is answered from the coarser level. A level finer than the step allows is not used at all.
            select
                case when $7 >= 2 then least(greatest(hours_until, $4), $5) else $4 end as hours_end,
                case when $7 >= 1 then least(greatest(minutes_until, $4), $5) else $4 end as minutes_end
            from state
        ), rolled as (
            select h.hour as time, h.*
            from telemetry.frame_1h h
            where h.hour >= $4
              and h.hour < (select hours_end from bounds)
            union all
            select m.minute as time, m.*
            from telemetry.frame_1m m
            where m.minute >= (select hours_end from bounds)
              and m.minute < (select minutes_end from bounds)
        ), reading as (
            select
                gpu_id,
                time,
                origin,
                case $1
                    when 1 then energy_joules_sum
                    when 2 then power_average_watts_sum
                    when 3 then power_max_watts_sum
                    when 4 then temperature_celsius_sum
                    when 5 then memory_temperature_celsius_sum
                    when 6 then thermal_margin_celsius_sum
                    when 7 then utilization_ratio_sum
                    when 8 then memory_activity_ratio_sum
                    when 9 then memory_used_bytes_sum
                    when 10 then memory_total_bytes_sum
                    when 11 then sm_clock_hertz_sum
                    when 12 then memory_clock_hertz_sum
                    when 13 then power_limit_watts_sum
                    when 14 then fan_ratio_sum
                    when 15 then throttle_sw_power_cap_seconds_sum
                    when 16 then throttle_sw_thermal_seconds_sum
                    when 17 then throttle_hw_thermal_seconds_sum
                    when 18 then throttle_power_brake_seconds_sum
                    when 19 then tokens_sum
                    when 20 then samples_sum
                    when 21 then token_energy_joules
                    when 22 then idle_energy_joules
                end as total,
                case $1
                    when 1 then energy_joules_count
                    when 2 then power_average_watts_count
                    when 3 then power_max_watts_count
                    when 4 then temperature_celsius_count
                    when 5 then memory_temperature_celsius_count
                    when 6 then thermal_margin_celsius_count
                    when 7 then utilization_ratio_count
                    when 8 then memory_activity_ratio_count
                    when 9 then memory_used_bytes_count
                    when 10 then memory_total_bytes_count
                    when 11 then sm_clock_hertz_count
                    when 12 then memory_clock_hertz_count
                    when 13 then power_limit_watts_count
                    when 14 then fan_ratio_count
                    when 15 then throttle_sw_power_cap_seconds_count
                    when 16 then throttle_sw_thermal_seconds_count
                    when 17 then throttle_hw_thermal_seconds_count
                    when 18 then throttle_power_brake_seconds_count
                    when 19 then tokens_count
                    when 20 then samples_count
                    when 21 then token_count
                    when 22 then idle_watched_seconds
                end as weight,
                case $1
                    when 1 then energy_joules_min
                    when 2 then power_average_watts_min
                    when 3 then power_max_watts_min
                    when 4 then temperature_celsius_min
                    when 5 then memory_temperature_celsius_min
                    when 6 then thermal_margin_celsius_min
                    when 7 then utilization_ratio_min
                    when 8 then memory_activity_ratio_min
                    when 9 then memory_used_bytes_min
                    when 10 then memory_total_bytes_min
                    when 11 then sm_clock_hertz_min
                    when 12 then memory_clock_hertz_min
                    when 13 then power_limit_watts_min
                    when 14 then fan_ratio_min
                    when 15 then throttle_sw_power_cap_seconds_min
                    when 16 then throttle_sw_thermal_seconds_min
                    when 17 then throttle_hw_thermal_seconds_min
                    when 18 then throttle_power_brake_seconds_min
                    when 19 then tokens_min
                    when 20 then samples_min
                end as least,
                case $1
                    when 1 then energy_joules_max
                    when 2 then power_average_watts_max
                    when 3 then power_max_watts_max
                    when 4 then temperature_celsius_max
                    when 5 then memory_temperature_celsius_max
                    when 6 then thermal_margin_celsius_max
                    when 7 then utilization_ratio_max
                    when 8 then memory_activity_ratio_max
                    when 9 then memory_used_bytes_max
                    when 10 then memory_total_bytes_max
                    when 11 then sm_clock_hertz_max
                    when 12 then memory_clock_hertz_max
                    when 13 then power_limit_watts_max
                    when 14 then fan_ratio_max
                    when 15 then throttle_sw_power_cap_seconds_max
                    when 16 then throttle_sw_thermal_seconds_max
                    when 17 then throttle_hw_thermal_seconds_max
                    when 18 then throttle_power_brake_seconds_max
                    when 19 then tokens_max
                    when 20 then samples_max
                end as greatest
            from rolled
            where gpu_id = any($2)
            union all
            select
                gpu_id,
                part.time,
                origin,
                total * case when $8 in (0, 5) then part.share else part.share * seconds end,
                case when $1 >= 21 then weight * part.share else part.share * seconds end,
                total,
                total
            from (
                select
                    gpu_id,
                    time,
                    seconds,
                    origin,
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
                        when 21 then case when tokens is not null then energy_joules end
                        when 22 then case when utilization_ratio = 0 then energy_joules when utilization_ratio > 0 and energy_joules is not null then 0 end
                    end as total,
                    case $1
                        when 21 then case when energy_joules is not null then tokens end
                        when 22 then case when utilization_ratio is not null and energy_joules is not null then seconds end
                    end as weight
                from telemetry.frame
                where gpu_id = any($2)
                  and time >= (select minutes_end from bounds) - $9
                  and time < $5 + $9
            ) hot
            cross join lateral (
                select hot.time, 1::double precision as share
                where $9 = interval '0'
                union all
                -- A frame tells of the time before its end. With steps as short as that, it is shared among the seconds that it touches, each named by its end.
                select bin + $6, extract(epoch from least(bin + $6, hot.time) - greatest(bin, hot.time - hot.seconds * interval '1 second'))::double precision / hot.seconds
                from generate_series(date_bin($6, hot.time - hot.seconds * interval '1 second', $4), hot.time, $6) as bin
                where $9 > interval '0'
                  and bin + $6 >= $4
                  and bin + $6 < $5
                  and least(bin + $6, hot.time) > greatest(bin, hot.time - hot.seconds * interval '1 second')
            ) as part
        ), per_gpu as (
            select
                gpu_id,
                date_bin($6, time, $4) as point,
                sum(total) as total,
                sum(weight) as weight,
                min(least) as least,
                max(greatest) as greatest,
                max(origin) as origin
            from reading
            where total is not null
              and weight > 0
            group by gpu_id, point
        )
        select
            series,
            point,
            case $8
                when 0 then sum(total)
                when 1 then sum(total / weight)
                when 2 then avg(total / weight)
                when 3 then max(greatest)
                when 4 then min(least)
                when 5 then sum(total) / sum(weight)
            end as value,
            max(origin) as origin
        from per_gpu
        join wanted using (gpu_id)
        group by series, point
        """;

    public static async Task Execute(NpgsqlDataSource source, Request request, Action<int, DateTimeOffset, double, Origin> point, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = request.Metric.Code });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = request.GpuIds });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = request.SeriesOfGpus });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = request.From.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = request.To.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = request.Step });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)request.Level });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = (int)request.Combination });
        command.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = request.Step <= LongestSharedStep ? LongestFrame : TimeSpan.Zero });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (!reader.IsDBNull(2))
            {
                point(reader.GetInt32(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetDouble(2), (Origin)reader.GetInt16(3));
            }
        }
    }

    /// <summary>The coarsest level that may be read.</summary>
    public enum Level
    {
        Frames = 0,
        Minutes = 1,
        Hours = 2,
    }

    /// <summary>How a point is made of readings: over time first, then over GPUs.</summary>
    public enum Combination
    {
        SumOfSums = 0,
        SumOfMeans = 1,
        MeanOfMeans = 2,
        Greatest = 3,
        Least = 4,
        Quotient = 5,
    }

    public sealed record Request(Metric Metric, int[] GpuIds, int[] SeriesOfGpus, DateTimeOffset From, DateTimeOffset To, TimeSpan Step, Level Level, Combination Combination);
}
