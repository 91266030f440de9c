using Npgsql;

namespace EnergyTTT.History.Partitions;

/// <summary>Removes minutes and hours of the fleet that retention has passed: a row each, so they need no partitions.</summary>
internal static class DeleteOldFleet
{
    // language=sql
    private const string MinutesSql = "delete from telemetry.fleet_1m where minute < $1";

    // language=sql
    private const string HoursSql = "delete from telemetry.fleet_1h where hour < $1";

    public static async Task Execute(NpgsqlConnection connection, DateTimeOffset minutesBefore, DateTimeOffset hoursBefore, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(MinutesSql) { Parameters = { new NpgsqlParameter<DateTime> { TypedValue = minutesBefore.UtcDateTime } } },
                new NpgsqlBatchCommand(HoursSql) { Parameters = { new NpgsqlParameter<DateTime> { TypedValue = hoursBefore.UtcDateTime } } },
            },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
