using Npgsql;

namespace EnergyTTT.History.Series;

/// <summary>Reads the GPUs that a query's filters let pass, with where they stand.</summary>
internal static class ReadSeriesGpus
{
    // language=sql
    private const string Sql =
        """
        select g.gpu_id, g.uuid, h.name, h.rack, h.site
        from telemetry.gpu g
        join telemetry.host h using (host_id)
        where (cardinality($1) = 0 or g.uuid = any($1))
          and (cardinality($2) = 0 or h.name = any($2))
          and (cardinality($3) = 0 or h.rack = any($3))
          and (cardinality($4) = 0 or h.site = any($4))
        order by h.site collate "C" nulls first, h.rack collate "C" nulls first, h.name, g.uuid
        """;

    public static async Task<List<Row>> Execute(NpgsqlDataSource source, SeriesQuery query, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        foreach (var filter in new[] { query.Gpus, query.Hosts, query.Racks, query.Sites })
        {
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = filter.IsDefault ? [] : [.. filter] });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<Row>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new Row(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.IsDBNull(3) ? null : reader.GetString(3), reader.IsDBNull(4) ? null : reader.GetString(4)));
        }

        return rows;
    }

    public sealed record Row(int GpuId, string Uuid, string Host, string? Rack, string? Site);
}
