using System.Globalization;
using Npgsql;

namespace EnergyTTT.History.Partitions;

/// <summary>Reads which partitions a table has, by their first day.</summary>
internal static class ReadPartitions
{
    // language=sql
    private const string Sql =
        """
        select right(child.relname, 8)
        from pg_inherits
        join pg_class child on child.oid = inhrelid
        where inhparent = ('telemetry.' || $1)::regclass
        order by 1
        """;

    public static async Task<List<DateOnly>> Execute(NpgsqlConnection connection, PartitionedTable table, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = table.Name } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var starts = new List<DateOnly>();
        while (await reader.ReadAsync(cancellationToken))
        {
            starts.Add(DateOnly.ParseExact(reader.GetString(0), "yyyyMMdd", CultureInfo.InvariantCulture));
        }

        return starts;
    }
}
