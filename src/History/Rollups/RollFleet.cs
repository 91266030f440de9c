using Npgsql;

namespace EnergyTTT.History.Rollups;

/// <summary>
/// Adds a minute or an hour up over all GPUs, from all that is rolled up of it: doing it again gives the same row. The arrays go by the code of the metric, from 1.
/// </summary>
internal static class RollFleet
{
    // language=sql
    private const string Sums =
        """
            array[
                sum(energy_joules_sum) filter (where energy_joules_count > 0),
                sum(power_average_watts_sum) filter (where power_average_watts_count > 0),
                sum(power_max_watts_sum) filter (where power_max_watts_count > 0),
                sum(temperature_celsius_sum) filter (where temperature_celsius_count > 0),
                sum(memory_temperature_celsius_sum) filter (where memory_temperature_celsius_count > 0),
                sum(thermal_margin_celsius_sum) filter (where thermal_margin_celsius_count > 0),
                sum(utilization_ratio_sum) filter (where utilization_ratio_count > 0),
                sum(memory_activity_ratio_sum) filter (where memory_activity_ratio_count > 0),
                sum(memory_used_bytes_sum) filter (where memory_used_bytes_count > 0),
                sum(memory_total_bytes_sum) filter (where memory_total_bytes_count > 0),
                sum(sm_clock_hertz_sum) filter (where sm_clock_hertz_count > 0),
                sum(memory_clock_hertz_sum) filter (where memory_clock_hertz_count > 0),
                sum(power_limit_watts_sum) filter (where power_limit_watts_count > 0),
                sum(fan_ratio_sum) filter (where fan_ratio_count > 0),
                sum(throttle_sw_power_cap_seconds_sum) filter (where throttle_sw_power_cap_seconds_count > 0),
                sum(throttle_sw_thermal_seconds_sum) filter (where throttle_sw_thermal_seconds_count > 0),
                sum(throttle_hw_thermal_seconds_sum) filter (where throttle_hw_thermal_seconds_count > 0),
                sum(throttle_power_brake_seconds_sum) filter (where throttle_power_brake_seconds_count > 0),
                sum(tokens_sum) filter (where tokens_count > 0),
                sum(samples_sum) filter (where samples_count > 0),
                sum(token_energy_joules) filter (where token_count > 0),
                sum(idle_energy_joules) filter (where idle_watched_seconds > 0)
            ],
            array[
                sum(energy_joules_sum / energy_joules_count) filter (where energy_joules_count > 0),
                sum(power_average_watts_sum / power_average_watts_count) filter (where power_average_watts_count > 0),
                sum(power_max_watts_sum / power_max_watts_count) filter (where power_max_watts_count > 0),
                sum(temperature_celsius_sum / temperature_celsius_count) filter (where temperature_celsius_count > 0),
                sum(memory_temperature_celsius_sum / memory_temperature_celsius_count) filter (where memory_temperature_celsius_count > 0),
                sum(thermal_margin_celsius_sum / thermal_margin_celsius_count) filter (where thermal_margin_celsius_count > 0),
                sum(utilization_ratio_sum / utilization_ratio_count) filter (where utilization_ratio_count > 0),
                sum(memory_activity_ratio_sum / memory_activity_ratio_count) filter (where memory_activity_ratio_count > 0),
                sum(memory_used_bytes_sum / memory_used_bytes_count) filter (where memory_used_bytes_count > 0),
                sum(memory_total_bytes_sum / memory_total_bytes_count) filter (where memory_total_bytes_count > 0),
                sum(sm_clock_hertz_sum / sm_clock_hertz_count) filter (where sm_clock_hertz_count > 0),
                sum(memory_clock_hertz_sum / memory_clock_hertz_count) filter (where memory_clock_hertz_count > 0),
                sum(power_limit_watts_sum / power_limit_watts_count) filter (where power_limit_watts_count > 0),
                sum(fan_ratio_sum / fan_ratio_count) filter (where fan_ratio_count > 0),
                sum(throttle_sw_power_cap_seconds_sum / throttle_sw_power_cap_seconds_count) filter (where throttle_sw_power_cap_seconds_count > 0),
                sum(throttle_sw_thermal_seconds_sum / throttle_sw_thermal_seconds_count) filter (where throttle_sw_thermal_seconds_count > 0),
                sum(throttle_hw_thermal_seconds_sum / throttle_hw_thermal_seconds_count) filter (where throttle_hw_thermal_seconds_count > 0),
                sum(throttle_power_brake_seconds_sum / throttle_power_brake_seconds_count) filter (where throttle_power_brake_seconds_count > 0),
                sum(tokens_sum / tokens_count) filter (where tokens_count > 0),
                sum(samples_sum / samples_count) filter (where samples_count > 0),
                sum(token_energy_joules / token_count) filter (where token_count > 0),
                sum(idle_energy_joules / idle_watched_seconds) filter (where idle_watched_seconds > 0)
            ],
            array[
                sum(energy_joules_count) filter (where energy_joules_count > 0 and energy_joules_sum is not null),
                sum(power_average_watts_count) filter (where power_average_watts_count > 0 and power_average_watts_sum is not null),
                sum(power_max_watts_count) filter (where power_max_watts_count > 0 and power_max_watts_sum is not null),
                sum(temperature_celsius_count) filter (where temperature_celsius_count > 0 and temperature_celsius_sum is not null),
                sum(memory_temperature_celsius_count) filter (where memory_temperature_celsius_count > 0 and memory_temperature_celsius_sum is not null),
                sum(thermal_margin_celsius_count) filter (where thermal_margin_celsius_count > 0 and thermal_margin_celsius_sum is not null),
                sum(utilization_ratio_count) filter (where utilization_ratio_count > 0 and utilization_ratio_sum is not null),
                sum(memory_activity_ratio_count) filter (where memory_activity_ratio_count > 0 and memory_activity_ratio_sum is not null),
                sum(memory_used_bytes_count) filter (where memory_used_bytes_count > 0 and memory_used_bytes_sum is not null),
                sum(memory_total_bytes_count) filter (where memory_total_bytes_count > 0 and memory_total_bytes_sum is not null),
                sum(sm_clock_hertz_count) filter (where sm_clock_hertz_count > 0 and sm_clock_hertz_sum is not null),
                sum(memory_clock_hertz_count) filter (where memory_clock_hertz_count > 0 and memory_clock_hertz_sum is not null),
                sum(power_limit_watts_count) filter (where power_limit_watts_count > 0 and power_limit_watts_sum is not null),
                sum(fan_ratio_count) filter (where fan_ratio_count > 0 and fan_ratio_sum is not null),
                sum(throttle_sw_power_cap_seconds_count) filter (where throttle_sw_power_cap_seconds_count > 0 and throttle_sw_power_cap_seconds_sum is not null),
                sum(throttle_sw_thermal_seconds_count) filter (where throttle_sw_thermal_seconds_count > 0 and throttle_sw_thermal_seconds_sum is not null),
                sum(throttle_hw_thermal_seconds_count) filter (where throttle_hw_thermal_seconds_count > 0 and throttle_hw_thermal_seconds_sum is not null),
                sum(throttle_power_brake_seconds_count) filter (where throttle_power_brake_seconds_count > 0 and throttle_power_brake_seconds_sum is not null),
                sum(tokens_count) filter (where tokens_count > 0 and tokens_sum is not null),
                sum(samples_count) filter (where samples_count > 0 and samples_sum is not null),
                sum(token_count) filter (where token_count > 0 and token_energy_joules is not null),
                sum(idle_watched_seconds) filter (where idle_watched_seconds > 0 and idle_energy_joules is not null)
            ]::double precision[],
            array[
                count(energy_joules_sum) filter (where energy_joules_count > 0),
                count(power_average_watts_sum) filter (where power_average_watts_count > 0),
                count(power_max_watts_sum) filter (where power_max_watts_count > 0),
                count(temperature_celsius_sum) filter (where temperature_celsius_count > 0),
                count(memory_temperature_celsius_sum) filter (where memory_temperature_celsius_count > 0),
                count(thermal_margin_celsius_sum) filter (where thermal_margin_celsius_count > 0),
                count(utilization_ratio_sum) filter (where utilization_ratio_count > 0),
                count(memory_activity_ratio_sum) filter (where memory_activity_ratio_count > 0),
                count(memory_used_bytes_sum) filter (where memory_used_bytes_count > 0),
                count(memory_total_bytes_sum) filter (where memory_total_bytes_count > 0),
                count(sm_clock_hertz_sum) filter (where sm_clock_hertz_count > 0),
                count(memory_clock_hertz_sum) filter (where memory_clock_hertz_count > 0),
                count(power_limit_watts_sum) filter (where power_limit_watts_count > 0),
                count(fan_ratio_sum) filter (where fan_ratio_count > 0),
                count(throttle_sw_power_cap_seconds_sum) filter (where throttle_sw_power_cap_seconds_count > 0),
                count(throttle_sw_thermal_seconds_sum) filter (where throttle_sw_thermal_seconds_count > 0),
                count(throttle_hw_thermal_seconds_sum) filter (where throttle_hw_thermal_seconds_count > 0),
                count(throttle_power_brake_seconds_sum) filter (where throttle_power_brake_seconds_count > 0),
                count(tokens_sum) filter (where tokens_count > 0),
                count(samples_sum) filter (where samples_count > 0),
                count(token_energy_joules) filter (where token_count > 0),
                count(idle_energy_joules) filter (where idle_watched_seconds > 0)
            ]::integer[],
            array[
                min(energy_joules_min),
                min(power_average_watts_min),
                min(power_max_watts_min),
                min(temperature_celsius_min),
                min(memory_temperature_celsius_min),
                min(thermal_margin_celsius_min),
                min(utilization_ratio_min),
                min(memory_activity_ratio_min),
                min(memory_used_bytes_min),
                min(memory_total_bytes_min),
                min(sm_clock_hertz_min),
                min(memory_clock_hertz_min),
                min(power_limit_watts_min),
                min(fan_ratio_min),
                min(throttle_sw_power_cap_seconds_min),
                min(throttle_sw_thermal_seconds_min),
                min(throttle_hw_thermal_seconds_min),
                min(throttle_power_brake_seconds_min),
                min(tokens_min),
                min(samples_min),
                null,
                null
            ],
            array[
                max(energy_joules_max),
                max(power_average_watts_max),
                max(power_max_watts_max),
                max(temperature_celsius_max),
                max(memory_temperature_celsius_max),
                max(thermal_margin_celsius_max),
                max(utilization_ratio_max),
                max(memory_activity_ratio_max),
                max(memory_used_bytes_max),
                max(memory_total_bytes_max),
                max(sm_clock_hertz_max),
                max(memory_clock_hertz_max),
                max(power_limit_watts_max),
                max(fan_ratio_max),
                max(throttle_sw_power_cap_seconds_max),
                max(throttle_sw_thermal_seconds_max),
                max(throttle_hw_thermal_seconds_max),
                max(throttle_power_brake_seconds_max),
                max(tokens_max),
                max(samples_max),
                null,
                null
            ],
            array[
                max(origin) filter (where energy_joules_count > 0 and energy_joules_sum is not null),
                max(origin) filter (where power_average_watts_count > 0 and power_average_watts_sum is not null),
                max(origin) filter (where power_max_watts_count > 0 and power_max_watts_sum is not null),
                max(origin) filter (where temperature_celsius_count > 0 and temperature_celsius_sum is not null),
                max(origin) filter (where memory_temperature_celsius_count > 0 and memory_temperature_celsius_sum is not null),
                max(origin) filter (where thermal_margin_celsius_count > 0 and thermal_margin_celsius_sum is not null),
                max(origin) filter (where utilization_ratio_count > 0 and utilization_ratio_sum is not null),
                max(origin) filter (where memory_activity_ratio_count > 0 and memory_activity_ratio_sum is not null),
                max(origin) filter (where memory_used_bytes_count > 0 and memory_used_bytes_sum is not null),
                max(origin) filter (where memory_total_bytes_count > 0 and memory_total_bytes_sum is not null),
                max(origin) filter (where sm_clock_hertz_count > 0 and sm_clock_hertz_sum is not null),
                max(origin) filter (where memory_clock_hertz_count > 0 and memory_clock_hertz_sum is not null),
                max(origin) filter (where power_limit_watts_count > 0 and power_limit_watts_sum is not null),
                max(origin) filter (where fan_ratio_count > 0 and fan_ratio_sum is not null),
                max(origin) filter (where throttle_sw_power_cap_seconds_count > 0 and throttle_sw_power_cap_seconds_sum is not null),
                max(origin) filter (where throttle_sw_thermal_seconds_count > 0 and throttle_sw_thermal_seconds_sum is not null),
                max(origin) filter (where throttle_hw_thermal_seconds_count > 0 and throttle_hw_thermal_seconds_sum is not null),
                max(origin) filter (where throttle_power_brake_seconds_count > 0 and throttle_power_brake_seconds_sum is not null),
                max(origin) filter (where tokens_count > 0 and tokens_sum is not null),
                max(origin) filter (where samples_count > 0 and samples_sum is not null),
                max(origin) filter (where token_count > 0 and token_energy_joules is not null),
                max(origin) filter (where idle_watched_seconds > 0 and idle_energy_joules is not null)
            ]::smallint[]
        """;

    // language=sql
    private const string Update =
        """
        set totals = excluded.totals, means = excluded.means, weights = excluded.weights, gpus = excluded.gpus, least = excluded.least,
            greatest = excluded.greatest, origins = excluded.origins
        """;

    // language=sql
    private const string MinuteSql =
        $"""
        insert into telemetry.fleet_1m (minute, totals, means, weights, gpus, least, greatest, origins)
        select
            minute,
        {Sums}
        from telemetry.frame_1m
        where minute >= $1
          and minute < $2
        group by minute
        on conflict (minute) do update
        {Update}
        """;

    // language=sql
    private const string HourSql =
        $"""
        insert into telemetry.fleet_1h (hour, totals, means, weights, gpus, least, greatest, origins)
        select
            hour,
        {Sums}
        from telemetry.frame_1h
        where hour >= $1
          and hour < $2
        group by hour
        on conflict (hour) do update
        {Update}
        """;

    /// <summary>Minutes with from &lt;= minute &lt; to.</summary>
    public static Task Minutes(NpgsqlConnection connection, DateTime from, DateTime to, CancellationToken cancellationToken) => Execute(connection, MinuteSql, from, to, cancellationToken);

    /// <summary>Hours with from &lt;= hour &lt; to.</summary>
    public static Task Hours(NpgsqlConnection connection, DateTime from, DateTime to, CancellationToken cancellationToken) => Execute(connection, HourSql, from, to, cancellationToken);

    private static async Task Execute(NpgsqlConnection connection, string sql, DateTime from, DateTime to, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection)
        {
            // The past of a large fleet is added up by the hour.
            CommandTimeout = 600,
            Parameters =
            {
                new NpgsqlParameter<DateTime> { TypedValue = from },
                new NpgsqlParameter<DateTime> { TypedValue = to },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
