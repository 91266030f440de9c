using EnergyTTT.History.Frames;
using EnergyTTT.History.Seals;
using Npgsql;

namespace EnergyTTT.History.Rollups;

/// <summary>
/// Rolls up the frames of one minute of some GPUs, from all that is stored of it: rolling the same minute again gives the same
/// row. A GPU without frames in that minute is left as it is.
/// </summary>
internal static class RollMinute
{
    // language=sql
    private const string Begin =
        """
        with rolled as (
            select
                gpu_id,
                count(*) as frames,
                sum(seconds) as seconds,
                max(origin) as origin,
                max(time) as last_time,
                sum(energy_joules) filter (where tokens is not null) as token_energy_joules,
                sum(tokens) filter (where energy_joules is not null) as token_count,
                sum(case when utilization_ratio > 0 then 0 else energy_joules end) filter (where utilization_ratio is not null and energy_joules is not null) as idle_energy_joules,
                sum(seconds) filter (where utilization_ratio is not null and energy_joules is not null) as idle_watched_seconds,
                sum(energy_joules) as energy_joules_sum, count(energy_joules) as energy_joules_count, min(energy_joules) as energy_joules_min, max(energy_joules) as energy_joules_max,
                sum(power_average_watts) as power_average_watts_sum, count(power_average_watts) as power_average_watts_count, min(power_average_watts) as power_average_watts_min, max(power_average_watts) as power_average_watts_max,
                sum(power_max_watts) as power_max_watts_sum, count(power_max_watts) as power_max_watts_count, min(power_max_watts) as power_max_watts_min, max(power_max_watts) as power_max_watts_max,
                sum(temperature_celsius) as temperature_celsius_sum, count(temperature_celsius) as temperature_celsius_count, min(temperature_celsius) as temperature_celsius_min, max(temperature_celsius) as temperature_celsius_max,
                sum(memory_temperature_celsius) as memory_temperature_celsius_sum, count(memory_temperature_celsius) as memory_temperature_celsius_count, min(memory_temperature_celsius) as memory_temperature_celsius_min, max(memory_temperature_celsius) as memory_temperature_celsius_max,
                sum(thermal_margin_celsius) as thermal_margin_celsius_sum, count(thermal_margin_celsius) as thermal_margin_celsius_count, min(thermal_margin_celsius) as thermal_margin_celsius_min, max(thermal_margin_celsius) as thermal_margin_celsius_max,
                sum(utilization_ratio) as utilization_ratio_sum, count(utilization_ratio) as utilization_ratio_count, min(utilization_ratio) as utilization_ratio_min, max(utilization_ratio) as utilization_ratio_max,
                sum(memory_activity_ratio) as memory_activity_ratio_sum, count(memory_activity_ratio) as memory_activity_ratio_count, min(memory_activity_ratio) as memory_activity_ratio_min, max(memory_activity_ratio) as memory_activity_ratio_max,
                sum(memory_used_bytes) as memory_used_bytes_sum, count(memory_used_bytes) as memory_used_bytes_count, min(memory_used_bytes) as memory_used_bytes_min, max(memory_used_bytes) as memory_used_bytes_max,
                sum(memory_total_bytes) as memory_total_bytes_sum, count(memory_total_bytes) as memory_total_bytes_count, min(memory_total_bytes) as memory_total_bytes_min, max(memory_total_bytes) as memory_total_bytes_max,
                sum(sm_clock_hertz) as sm_clock_hertz_sum, count(sm_clock_hertz) as sm_clock_hertz_count, min(sm_clock_hertz) as sm_clock_hertz_min, max(sm_clock_hertz) as sm_clock_hertz_max,
                sum(memory_clock_hertz) as memory_clock_hertz_sum, count(memory_clock_hertz) as memory_clock_hertz_count, min(memory_clock_hertz) as memory_clock_hertz_min, max(memory_clock_hertz) as memory_clock_hertz_max,
                sum(power_limit_watts) as power_limit_watts_sum, count(power_limit_watts) as power_limit_watts_count, min(power_limit_watts) as power_limit_watts_min, max(power_limit_watts) as power_limit_watts_max,
                sum(fan_ratio) as fan_ratio_sum, count(fan_ratio) as fan_ratio_count, min(fan_ratio) as fan_ratio_min, max(fan_ratio) as fan_ratio_max,
                sum(throttle_sw_power_cap_seconds) as throttle_sw_power_cap_seconds_sum, count(throttle_sw_power_cap_seconds) as throttle_sw_power_cap_seconds_count, min(throttle_sw_power_cap_seconds) as throttle_sw_power_cap_seconds_min, max(throttle_sw_power_cap_seconds) as throttle_sw_power_cap_seconds_max,
                sum(throttle_sw_thermal_seconds) as throttle_sw_thermal_seconds_sum, count(throttle_sw_thermal_seconds) as throttle_sw_thermal_seconds_count, min(throttle_sw_thermal_seconds) as throttle_sw_thermal_seconds_min, max(throttle_sw_thermal_seconds) as throttle_sw_thermal_seconds_max,
                sum(throttle_hw_thermal_seconds) as throttle_hw_thermal_seconds_sum, count(throttle_hw_thermal_seconds) as throttle_hw_thermal_seconds_count, min(throttle_hw_thermal_seconds) as throttle_hw_thermal_seconds_min, max(throttle_hw_thermal_seconds) as throttle_hw_thermal_seconds_max,
                sum(throttle_power_brake_seconds) as throttle_power_brake_seconds_sum, count(throttle_power_brake_seconds) as throttle_power_brake_seconds_count, min(throttle_power_brake_seconds) as throttle_power_brake_seconds_min, max(throttle_power_brake_seconds) as throttle_power_brake_seconds_max,
                sum(tokens) as tokens_sum, count(tokens) as tokens_count, min(tokens) as tokens_min, max(tokens) as tokens_max,
                sum(samples) as samples_sum, count(samples) as samples_count, min(samples) as samples_min, max(samples) as samples_max
            from
        """;

    // language=sql
    private const string Middle =
        """
         f
            where gpu_id = any($2)
              and time >= $1
              and time < $1 + interval '1 minute'
            group by gpu_id
        )
        insert into telemetry.frame_1m (
            gpu_id, minute, frames, seconds, origin, last_time, token_energy_joules, token_count, idle_energy_joules, idle_watched_seconds,
            energy_joules_sum, energy_joules_count, energy_joules_min, energy_joules_max, energy_joules_last, power_average_watts_sum,
            power_average_watts_count, power_average_watts_min, power_average_watts_max, power_average_watts_last, power_max_watts_sum,
            power_max_watts_count, power_max_watts_min, power_max_watts_max, power_max_watts_last, temperature_celsius_sum, temperature_celsius_count,
            temperature_celsius_min, temperature_celsius_max, temperature_celsius_last, memory_temperature_celsius_sum,
            memory_temperature_celsius_count, memory_temperature_celsius_min, memory_temperature_celsius_max, memory_temperature_celsius_last,
            thermal_margin_celsius_sum, thermal_margin_celsius_count, thermal_margin_celsius_min, thermal_margin_celsius_max,
            thermal_margin_celsius_last, utilization_ratio_sum, utilization_ratio_count, utilization_ratio_min, utilization_ratio_max,
            utilization_ratio_last, memory_activity_ratio_sum, memory_activity_ratio_count, memory_activity_ratio_min, memory_activity_ratio_max,
            memory_activity_ratio_last, memory_used_bytes_sum, memory_used_bytes_count, memory_used_bytes_min, memory_used_bytes_max,
            memory_used_bytes_last, memory_total_bytes_sum, memory_total_bytes_count, memory_total_bytes_min, memory_total_bytes_max,
            memory_total_bytes_last, sm_clock_hertz_sum, sm_clock_hertz_count, sm_clock_hertz_min, sm_clock_hertz_max, sm_clock_hertz_last,
            memory_clock_hertz_sum, memory_clock_hertz_count, memory_clock_hertz_min, memory_clock_hertz_max, memory_clock_hertz_last,
            power_limit_watts_sum, power_limit_watts_count, power_limit_watts_min, power_limit_watts_max, power_limit_watts_last, fan_ratio_sum,
            fan_ratio_count, fan_ratio_min, fan_ratio_max, fan_ratio_last, throttle_sw_power_cap_seconds_sum, throttle_sw_power_cap_seconds_count,
            throttle_sw_power_cap_seconds_min, throttle_sw_power_cap_seconds_max, throttle_sw_power_cap_seconds_last, throttle_sw_thermal_seconds_sum,
            throttle_sw_thermal_seconds_count, throttle_sw_thermal_seconds_min, throttle_sw_thermal_seconds_max, throttle_sw_thermal_seconds_last,
            throttle_hw_thermal_seconds_sum, throttle_hw_thermal_seconds_count, throttle_hw_thermal_seconds_min, throttle_hw_thermal_seconds_max,
            throttle_hw_thermal_seconds_last, throttle_power_brake_seconds_sum, throttle_power_brake_seconds_count, throttle_power_brake_seconds_min,
            throttle_power_brake_seconds_max, throttle_power_brake_seconds_last, tokens_sum, tokens_count, tokens_min, tokens_max, tokens_last,
            samples_sum, samples_count, samples_min, samples_max, samples_last)
        select
            r.gpu_id, $1, r.frames, r.seconds, r.origin, r.last_time, r.token_energy_joules, r.token_count, r.idle_energy_joules,
            r.idle_watched_seconds, r.energy_joules_sum, r.energy_joules_count, r.energy_joules_min, r.energy_joules_max, l.energy_joules,
            r.power_average_watts_sum, r.power_average_watts_count, r.power_average_watts_min, r.power_average_watts_max, l.power_average_watts,
            r.power_max_watts_sum, r.power_max_watts_count, r.power_max_watts_min, r.power_max_watts_max, l.power_max_watts, r.temperature_celsius_sum,
            r.temperature_celsius_count, r.temperature_celsius_min, r.temperature_celsius_max, l.temperature_celsius, r.memory_temperature_celsius_sum,
            r.memory_temperature_celsius_count, r.memory_temperature_celsius_min, r.memory_temperature_celsius_max, l.memory_temperature_celsius,
            r.thermal_margin_celsius_sum, r.thermal_margin_celsius_count, r.thermal_margin_celsius_min, r.thermal_margin_celsius_max,
            l.thermal_margin_celsius, r.utilization_ratio_sum, r.utilization_ratio_count, r.utilization_ratio_min, r.utilization_ratio_max,
            l.utilization_ratio, r.memory_activity_ratio_sum, r.memory_activity_ratio_count, r.memory_activity_ratio_min, r.memory_activity_ratio_max,
            l.memory_activity_ratio, r.memory_used_bytes_sum, r.memory_used_bytes_count, r.memory_used_bytes_min, r.memory_used_bytes_max,
            l.memory_used_bytes, r.memory_total_bytes_sum, r.memory_total_bytes_count, r.memory_total_bytes_min, r.memory_total_bytes_max,
            l.memory_total_bytes, r.sm_clock_hertz_sum, r.sm_clock_hertz_count, r.sm_clock_hertz_min, r.sm_clock_hertz_max, l.sm_clock_hertz,
            r.memory_clock_hertz_sum, r.memory_clock_hertz_count, r.memory_clock_hertz_min, r.memory_clock_hertz_max, l.memory_clock_hertz,
            r.power_limit_watts_sum, r.power_limit_watts_count, r.power_limit_watts_min, r.power_limit_watts_max, l.power_limit_watts, r.fan_ratio_sum,
            r.fan_ratio_count, r.fan_ratio_min, r.fan_ratio_max, l.fan_ratio, r.throttle_sw_power_cap_seconds_sum,
            r.throttle_sw_power_cap_seconds_count, r.throttle_sw_power_cap_seconds_min, r.throttle_sw_power_cap_seconds_max,
            l.throttle_sw_power_cap_seconds, r.throttle_sw_thermal_seconds_sum, r.throttle_sw_thermal_seconds_count, r.throttle_sw_thermal_seconds_min,
            r.throttle_sw_thermal_seconds_max, l.throttle_sw_thermal_seconds, r.throttle_hw_thermal_seconds_sum, r.throttle_hw_thermal_seconds_count,
            r.throttle_hw_thermal_seconds_min, r.throttle_hw_thermal_seconds_max, l.throttle_hw_thermal_seconds, r.throttle_power_brake_seconds_sum,
            r.throttle_power_brake_seconds_count, r.throttle_power_brake_seconds_min, r.throttle_power_brake_seconds_max,
            l.throttle_power_brake_seconds, r.tokens_sum, r.tokens_count, r.tokens_min, r.tokens_max, l.tokens, r.samples_sum, r.samples_count,
            r.samples_min, r.samples_max, l.samples
        from rolled r
        cross join lateral (
            select *
            from
        """;

    // language=sql
    private const string End =
        """
         f
            where f.gpu_id = r.gpu_id
              and f.time = r.last_time
            order by f.boot_id desc, f.sequence desc
            limit 1
        ) l
        on conflict (gpu_id, minute) do update
        set frames = excluded.frames, seconds = excluded.seconds, origin = excluded.origin, last_time = excluded.last_time,
            token_energy_joules = excluded.token_energy_joules, token_count = excluded.token_count, idle_energy_joules = excluded.idle_energy_joules,
            idle_watched_seconds = excluded.idle_watched_seconds, energy_joules_sum = excluded.energy_joules_sum,
            energy_joules_count = excluded.energy_joules_count, energy_joules_min = excluded.energy_joules_min,
            energy_joules_max = excluded.energy_joules_max, energy_joules_last = excluded.energy_joules_last,
            power_average_watts_sum = excluded.power_average_watts_sum, power_average_watts_count = excluded.power_average_watts_count,
            power_average_watts_min = excluded.power_average_watts_min, power_average_watts_max = excluded.power_average_watts_max,
            power_average_watts_last = excluded.power_average_watts_last, power_max_watts_sum = excluded.power_max_watts_sum,
            power_max_watts_count = excluded.power_max_watts_count, power_max_watts_min = excluded.power_max_watts_min,
            power_max_watts_max = excluded.power_max_watts_max, power_max_watts_last = excluded.power_max_watts_last,
            temperature_celsius_sum = excluded.temperature_celsius_sum, temperature_celsius_count = excluded.temperature_celsius_count,
            temperature_celsius_min = excluded.temperature_celsius_min, temperature_celsius_max = excluded.temperature_celsius_max,
            temperature_celsius_last = excluded.temperature_celsius_last, memory_temperature_celsius_sum = excluded.memory_temperature_celsius_sum,
            memory_temperature_celsius_count = excluded.memory_temperature_celsius_count,
            memory_temperature_celsius_min = excluded.memory_temperature_celsius_min,
            memory_temperature_celsius_max = excluded.memory_temperature_celsius_max,
            memory_temperature_celsius_last = excluded.memory_temperature_celsius_last,
            thermal_margin_celsius_sum = excluded.thermal_margin_celsius_sum, thermal_margin_celsius_count = excluded.thermal_margin_celsius_count,
            thermal_margin_celsius_min = excluded.thermal_margin_celsius_min, thermal_margin_celsius_max = excluded.thermal_margin_celsius_max,
            thermal_margin_celsius_last = excluded.thermal_margin_celsius_last, utilization_ratio_sum = excluded.utilization_ratio_sum,
            utilization_ratio_count = excluded.utilization_ratio_count, utilization_ratio_min = excluded.utilization_ratio_min,
            utilization_ratio_max = excluded.utilization_ratio_max, utilization_ratio_last = excluded.utilization_ratio_last,
            memory_activity_ratio_sum = excluded.memory_activity_ratio_sum, memory_activity_ratio_count = excluded.memory_activity_ratio_count,
            memory_activity_ratio_min = excluded.memory_activity_ratio_min, memory_activity_ratio_max = excluded.memory_activity_ratio_max,
            memory_activity_ratio_last = excluded.memory_activity_ratio_last, memory_used_bytes_sum = excluded.memory_used_bytes_sum,
            memory_used_bytes_count = excluded.memory_used_bytes_count, memory_used_bytes_min = excluded.memory_used_bytes_min,
            memory_used_bytes_max = excluded.memory_used_bytes_max, memory_used_bytes_last = excluded.memory_used_bytes_last,
            memory_total_bytes_sum = excluded.memory_total_bytes_sum, memory_total_bytes_count = excluded.memory_total_bytes_count,
            memory_total_bytes_min = excluded.memory_total_bytes_min, memory_total_bytes_max = excluded.memory_total_bytes_max,
            memory_total_bytes_last = excluded.memory_total_bytes_last, sm_clock_hertz_sum = excluded.sm_clock_hertz_sum,
            sm_clock_hertz_count = excluded.sm_clock_hertz_count, sm_clock_hertz_min = excluded.sm_clock_hertz_min,
            sm_clock_hertz_max = excluded.sm_clock_hertz_max, sm_clock_hertz_last = excluded.sm_clock_hertz_last,
            memory_clock_hertz_sum = excluded.memory_clock_hertz_sum, memory_clock_hertz_count = excluded.memory_clock_hertz_count,
            memory_clock_hertz_min = excluded.memory_clock_hertz_min, memory_clock_hertz_max = excluded.memory_clock_hertz_max,
            memory_clock_hertz_last = excluded.memory_clock_hertz_last, power_limit_watts_sum = excluded.power_limit_watts_sum,
            power_limit_watts_count = excluded.power_limit_watts_count, power_limit_watts_min = excluded.power_limit_watts_min,
            power_limit_watts_max = excluded.power_limit_watts_max, power_limit_watts_last = excluded.power_limit_watts_last,
            fan_ratio_sum = excluded.fan_ratio_sum, fan_ratio_count = excluded.fan_ratio_count, fan_ratio_min = excluded.fan_ratio_min,
            fan_ratio_max = excluded.fan_ratio_max, fan_ratio_last = excluded.fan_ratio_last,
            throttle_sw_power_cap_seconds_sum = excluded.throttle_sw_power_cap_seconds_sum,
            throttle_sw_power_cap_seconds_count = excluded.throttle_sw_power_cap_seconds_count,
            throttle_sw_power_cap_seconds_min = excluded.throttle_sw_power_cap_seconds_min,
            throttle_sw_power_cap_seconds_max = excluded.throttle_sw_power_cap_seconds_max,
            throttle_sw_power_cap_seconds_last = excluded.throttle_sw_power_cap_seconds_last,
            throttle_sw_thermal_seconds_sum = excluded.throttle_sw_thermal_seconds_sum,
            throttle_sw_thermal_seconds_count = excluded.throttle_sw_thermal_seconds_count,
            throttle_sw_thermal_seconds_min = excluded.throttle_sw_thermal_seconds_min,
            throttle_sw_thermal_seconds_max = excluded.throttle_sw_thermal_seconds_max,
            throttle_sw_thermal_seconds_last = excluded.throttle_sw_thermal_seconds_last,
            throttle_hw_thermal_seconds_sum = excluded.throttle_hw_thermal_seconds_sum,
            throttle_hw_thermal_seconds_count = excluded.throttle_hw_thermal_seconds_count,
            throttle_hw_thermal_seconds_min = excluded.throttle_hw_thermal_seconds_min,
            throttle_hw_thermal_seconds_max = excluded.throttle_hw_thermal_seconds_max,
            throttle_hw_thermal_seconds_last = excluded.throttle_hw_thermal_seconds_last,
            throttle_power_brake_seconds_sum = excluded.throttle_power_brake_seconds_sum,
            throttle_power_brake_seconds_count = excluded.throttle_power_brake_seconds_count,
            throttle_power_brake_seconds_min = excluded.throttle_power_brake_seconds_min,
            throttle_power_brake_seconds_max = excluded.throttle_power_brake_seconds_max,
            throttle_power_brake_seconds_last = excluded.throttle_power_brake_seconds_last, tokens_sum = excluded.tokens_sum,
            tokens_count = excluded.tokens_count, tokens_min = excluded.tokens_min, tokens_max = excluded.tokens_max,
            tokens_last = excluded.tokens_last, samples_sum = excluded.samples_sum, samples_count = excluded.samples_count,
            samples_min = excluded.samples_min, samples_max = excluded.samples_max, samples_last = excluded.samples_last
        """;

    private const string Hot = "telemetry.frame";

    // language=sql
    private const string HotAndSealed = $"(select {BinaryCopy.Columns} from telemetry.frame union all select {BinaryCopy.Columns} from {StageSealed.Table})";

    private const string HotSql = $"{Begin} {Hot} {Middle} {Hot} {End}";

    private const string HotAndSealedSql = $"{Begin} {HotAndSealed} {Middle} {HotAndSealed} {End}";

    /// <summary>Answers the number of rows written.</summary>
    /// <param name="withSealed">Whether <see cref="StageSealed"/> has unpacked what is sealed of the minute.</param>
    public static async Task<int> Execute(NpgsqlConnection connection, DateTime minute, int[] gpuIds, bool withSealed, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(withSealed ? HotAndSealedSql : HotSql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<DateTime> { TypedValue = minute },
                new NpgsqlParameter<int[]> { TypedValue = gpuIds },
            },
        };
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
