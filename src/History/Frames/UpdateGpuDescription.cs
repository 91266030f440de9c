using System.Text.Json;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Frames;

/// <summary>Stores what a sender says of a GPU, unless a later word is stored already.</summary>
internal static class UpdateGpuDescription
{
    // language=sql
    private const string Sql =
        """
        update telemetry.gpu
        set model = $2,
            driver = $3,
            power_limit_max_watts = $4,
            pci_bus_id = $5,
            state = $6,
            state_reason = $7,
            passport = coalesce($8, passport),
            described = $9
        where gpu_id = $1
          and (described is null or described <= $9)
        """;

    public static async Task Execute(NpgsqlConnection connection, int gpuId, GpuDescription description, DateTimeOffset received, CancellationToken cancellationToken)
    {
        var passport = description.Passport is null ? null : JsonSerializer.Serialize(description.Passport, WireJson.Default.SensorPassport);
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<int> { TypedValue = gpuId },
                new NpgsqlParameter<string?> { TypedValue = description.Model },
                new NpgsqlParameter<string?> { TypedValue = description.Driver },
                new NpgsqlParameter<double?> { TypedValue = description.PowerLimitMaxWatts },
                new NpgsqlParameter<string?> { TypedValue = description.PciBusId },
                new NpgsqlParameter<string?> { TypedValue = description.State },
                new NpgsqlParameter<string?> { TypedValue = description.StateReason },
                new NpgsqlParameter<string?> { TypedValue = passport, NpgsqlDbType = NpgsqlDbType.Jsonb },
                new NpgsqlParameter<DateTime> { TypedValue = received.UtcDateTime },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
