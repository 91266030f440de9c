using System.Collections.Immutable;
using System.Text.Json;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Gpus;

/// <summary>Reads what is known of one GPU or of all, each with its newest frame.</summary>
internal static class ReadKnownGpus
{
    // Energy: the hours are summed up in the GPU's row; minutes after them and frames after those hold the rest.
    // language=sql
    private const string Sql =
        """
        with state as (
            select
                coalesce((select done_until from telemetry.rollup_state where level = 'hour'), '-infinity') as hours_until,
                coalesce((select done_until from telemetry.rollup_state where level = 'minute'), '-infinity') as minutes_until
        )
        select
            g.uuid, h.name, h.rack, h.site, g.model, g.driver, g.power_limit_max_watts, g.pci_bus_id, g.state, g.state_reason, g.passport::text,
            g.described is not null as is_described, g.first_seen, b.name as boot, energy.joules,
            f.received, f.time, f.sequence, f.seconds, f.energy_joules, f.power_average_watts, f.power_max_watts, f.temperature_celsius,
            f.memory_temperature_celsius, f.thermal_margin_celsius, f.utilization_ratio, f.memory_activity_ratio, f.memory_used_bytes,
            f.memory_total_bytes, f.sm_clock_hertz, f.memory_clock_hertz, f.power_limit_watts, f.fan_ratio, f.throttle_sw_power_cap_seconds,
            f.throttle_sw_thermal_seconds, f.throttle_hw_thermal_seconds, f.throttle_power_brake_seconds, f.tokens, f.samples, f.origin, f.energy_method
        from state
        cross join telemetry.gpu g
        join telemetry.host h using (host_id)
        left join lateral (
            select *
            from telemetry.frame
            where gpu_id = g.gpu_id
            order by time desc
            limit 1
        ) f on true
        left join telemetry.boot b on b.boot_id = f.boot_id
        cross join lateral (
            select g.rolled_energy_joules
                + coalesce((select sum(energy_joules_sum) from telemetry.frame_1m where gpu_id = g.gpu_id and minute >= hours_until and minute < minutes_until), 0)
                + coalesce((select sum(energy_joules) from telemetry.frame where gpu_id = g.gpu_id and time >= minutes_until), 0) as joules
        ) energy
        where $1 is null
           or g.uuid = $1
        order by h.site collate "C" nulls first, h.rack collate "C" nulls first, h.name, g.uuid
        """;

    public static async Task<ImmutableArray<KnownGpu>> Execute(NpgsqlDataSource source, GpuId? gpu, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = gpu?.Value });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var known = ImmutableArray.CreateBuilder<KnownGpu>();
        while (await reader.ReadAsync(cancellationToken))
        {
            known.Add(Read(reader));
        }

        return known.ToImmutable();
    }

    private static KnownGpu Read(NpgsqlDataReader reader)
    {
        var gpu = GpuId.Parse(reader.GetString(0));
        return new KnownGpu(
            gpu,
            reader.GetString(1),
            Text(reader, 2),
            Text(reader, 3),
            reader.GetBoolean(11) ? Description(reader, gpu) : null,
            reader.GetFieldValue<DateTimeOffset>(12),
            reader.IsDBNull(16) ? null : Latest(reader, gpu),
            Text(reader, 13),
            reader.IsDBNull(15) ? null : reader.GetFieldValue<DateTimeOffset>(15),
            reader.GetDouble(14));
    }

    private static GpuDescription Description(NpgsqlDataReader reader, GpuId gpu) => new()
    {
        Gpu = gpu,
        Model = Text(reader, 4),
        Driver = Text(reader, 5),
        PowerLimitMaxWatts = Number(reader, 6),
        PciBusId = Text(reader, 7),
        State = Text(reader, 8),
        StateReason = Text(reader, 9),
        Passport = reader.IsDBNull(10) ? null : JsonSerializer.Deserialize(reader.GetString(10), WireJson.Default.SensorPassport),
    };

    private static Frame Latest(NpgsqlDataReader reader, GpuId gpu) => new()
    {
        Gpu = gpu,
        Time = reader.GetFieldValue<DateTimeOffset>(16),
        Sequence = reader.GetInt64(17),
        Seconds = reader.GetDouble(18),
        EnergyJoules = Number(reader, 19),
        PowerAverageWatts = Number(reader, 20),
        PowerMaxWatts = Number(reader, 21),
        TemperatureCelsius = Number(reader, 22),
        MemoryTemperatureCelsius = Number(reader, 23),
        ThermalMarginCelsius = Number(reader, 24),
        UtilizationRatio = Number(reader, 25),
        MemoryActivityRatio = Number(reader, 26),
        MemoryUsedBytes = Count(reader, 27),
        MemoryTotalBytes = Count(reader, 28),
        SmClockHertz = Number(reader, 29),
        MemoryClockHertz = Number(reader, 30),
        PowerLimitWatts = Number(reader, 31),
        FanRatio = Number(reader, 32),
        ThrottleSeconds = Throttle(reader),
        Tokens = Count(reader, 37),
        Samples = reader.IsDBNull(38) ? null : reader.GetInt32(38),
        Origin = (Origin)reader.GetInt16(39),
        EnergyMethod = reader.IsDBNull(40) ? null : (EnergyMethod)reader.GetInt16(40),
    };

    private static ThrottleSeconds? Throttle(NpgsqlDataReader reader)
    {
        var throttle = new ThrottleSeconds { SwPowerCap = Number(reader, 33), SwThermal = Number(reader, 34), HwThermal = Number(reader, 35), PowerBrake = Number(reader, 36) };
        return throttle == new ThrottleSeconds() ? null : throttle;
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static double? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);

    private static long? Count(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetInt64(column);
}
