using Npgsql;

namespace EnergyTTT.History.Partitions;

/// <summary>Removes a partition with all that is in it.</summary>
internal static class DropPartition
{
    // Dropping needs the table for itself for a moment; behind a long query it gives up and comes back, or every new query would wait behind it.
    // language=sql
    private const string PatienceSql = "set local lock_timeout = '2s'";

    // language=sql
    private const string Sql = "select telemetry.drop_partition($1, $2)";

    // language=sql
    private const string VacatedSql = "select telemetry.drop_vacated_partition($1, $2)";

    public static Task Execute(NpgsqlConnection connection, PartitionedTable table, DateOnly start, CancellationToken cancellationToken) =>
        Execute(connection, Sql, table, start, cancellationToken);

    /// <summary>The same, unless there are rows in it or autovacuum has yet to clear them away.</summary>
    public static Task ExecuteIfVacated(NpgsqlConnection connection, PartitionedTable table, DateOnly start, CancellationToken cancellationToken) =>
        Execute(connection, VacatedSql, table, start, cancellationToken);

    private static async Task Execute(NpgsqlConnection connection, string sql, PartitionedTable table, DateOnly start, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var patience = new NpgsqlCommand(PatienceSql, connection))
        {
            await patience.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = table.Name },
                new NpgsqlParameter<DateOnly> { TypedValue = start },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
