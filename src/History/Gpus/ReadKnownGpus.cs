using System.Collections.Immutable;
using System.Text.Json;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Seals;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Gpus;

/// <summary>Reads what is known of one GPU or of all, each with its newest frame.</summary>
internal static class ReadKnownGpus
{
    private const int FirstOfFrame = 15;

    // Energy: the hours are summed up in the GPU's row; minutes after them and frames after those hold the rest.
    // language=sql
    private const string Sql =
        $"""
        with state as (
            select
                coalesce((select done_until from telemetry.rollup_state where level = 'hour'), '-infinity') as hours_until,
                coalesce((select done_until from telemetry.rollup_state where level = 'minute'), '-infinity') as minutes_until,
                coalesce((select done_until from telemetry.rollup_state where level = 'seal'), '-infinity') as sealed_until
        )
        select
            g.uuid, h.name, h.rack, h.site, g.model, g.driver, g.power_limit_max_watts, g.pci_bus_id, g.state, g.state_reason, g.passport::text,
            g.described is not null as is_described, g.first_seen, energy.joules, s.newest, {BinaryCopy.ColumnsOfOneGpu}
        from state
        cross join telemetry.gpu g
        join telemetry.host h using (host_id)
        left join lateral (
            select {BinaryCopy.ColumnsOfOneGpu}
            from telemetry.frame
            where gpu_id = g.gpu_id
            order by time desc
            limit 1
        ) f on true
        left join lateral (
            -- Of a GPU that has been silent for long, or whose only rows came late, the newest frame may be a sealed one.
            select newest
            from telemetry.sealed
            where gpu_id = g.gpu_id
              and (f.time is null or f.time < sealed_until)
            order by starts desc
            limit 1
        ) s on true
        cross join lateral (
            select g.rolled_energy_joules
                + coalesce((select sum(energy_joules_sum) from telemetry.frame_1m where gpu_id = g.gpu_id and minute >= hours_until and minute < minutes_until), 0)
                + coalesce((select sum(energy_joules) from telemetry.frame where gpu_id = g.gpu_id and time >= minutes_until), 0) as joules
        ) energy
        where $1 is null
           or g.uuid = $1
        order by h.site collate "C" nulls first, h.rack collate "C" nulls first, h.name, g.uuid
        """;

    // language=sql
    private const string BootsSql =
        """
        select boot_id, name
        from telemetry.boot
        where boot_id = any($1)
        """;

    public static async Task<ImmutableArray<KnownGpu>> Execute(NpgsqlDataSource source, GpuId? gpu, CancellationToken cancellationToken)
    {
        var known = new List<(KnownGpu Gpu, int? Boot)>();
        await using (var command = source.CreateCommand(Sql))
        {
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = gpu?.Value });
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                known.Add(Read(reader));
            }
        }

        var boots = await Boots(source, [.. known.Select(row => row.Boot).OfType<int>().Distinct()], cancellationToken);
        return [.. known.Select(row => row.Boot is { } boot ? row.Gpu with { Boot = boots[boot] } : row.Gpu)];
    }

    private static async Task<Dictionary<int, string>> Boots(NpgsqlDataSource source, int[] ids, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(BootsSql);
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = ids });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var names = new Dictionary<int, string>();
        while (await reader.ReadAsync(cancellationToken))
        {
            names[reader.GetInt32(0)] = reader.GetString(1);
        }

        return names;
    }

    private static (KnownGpu Gpu, int? Boot) Read(NpgsqlDataReader reader)
    {
        var gpu = GpuId.Parse(reader.GetString(0));
        var (latest, received, boot) = Latest(reader, gpu);
        return (
            new KnownGpu(
                gpu,
                reader.GetString(1),
                Text(reader, 2),
                Text(reader, 3),
                reader.GetBoolean(11) ? Description(reader, gpu) : null,
                reader.GetFieldValue<DateTimeOffset>(12),
                latest,
                null,
                received,
                reader.GetDouble(13)),
            boot);
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

    /// <summary>The newest row or the newest sealed frame, whichever is later.</summary>
    private static (Frame? Latest, DateTimeOffset? Received, int? Boot) Latest(NpgsqlDataReader reader, GpuId gpu)
    {
        var row = new FrameColumns(1);
        if (!reader.IsDBNull(FirstOfFrame))
        {
            FrameOfRow.Read(reader, FirstOfFrame, row);
        }

        if (!reader.IsDBNull(14) && FrameCodec.Open(reader.GetFieldValue<byte[]>(14)) is var newest && (row.Count == 0 || newest[FrameColumn.Time].Bits[0] > row[FrameColumn.Time].Bits[0]))
        {
            row = new FrameColumns(1);
            row.AddRow(newest, 0);
        }

        return row.Count == 0
            ? (null, null, null)
            : (FrameOfRow.Make(gpu, column => row[column], 0), SealSpan.Moment(row[FrameColumn.Received].Bits[0]), (int)row[FrameColumn.Boot].Bits[0]);
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private static double? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);
}
