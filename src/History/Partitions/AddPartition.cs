using Npgsql;

namespace EnergyTTT.History.Partitions;

/// <summary>Makes the partition that holds a day, unless it is there.</summary>
internal static class AddPartition
{
    // language=sql
    private const string Sql = "select telemetry.add_partition($1, $2, $3)";

    /// <summary>Answers whether it was made now.</summary>
    public static async Task<bool> Execute(NpgsqlConnection connection, PartitionedTable table, DateOnly day, CancellationToken cancellationToken)
    {
        var start = table.StartOf(day);
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = table.Name },
                new NpgsqlParameter<DateOnly> { TypedValue = start },
                new NpgsqlParameter<DateOnly> { TypedValue = table.EndOf(start) },
            },
        };
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!; // The function answers true or false.
    }
}
