using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>Finds the hours of GPUs that have rows before the border: the earliest of each GPU.</summary>
internal static class ReadUnsealed
{
    // One look into the primary key for each GPU and partition.
    // language=sql
    private const string Sql =
        """
        select date_trunc('hour', f.time at time zone 'utc') at time zone 'utc' as starts, array_agg(g.gpu_id order by g.gpu_id)
        from telemetry.gpu g
        cross join lateral (
            select time
            from telemetry.frame
            where gpu_id = g.gpu_id
              and time < $1
              and gpu_id <> all($2)
            order by time
            limit 1
        ) f
        group by starts
        order by starts
        """;

    /// <summary>GPUs by hour, in the order of time.</summary>
    /// <param name="before">The border.</param>
    /// <param name="without">GPUs that are left out.</param>
    public static async Task<List<(DateTime Starts, int[] GpuIds)>> Execute(NpgsqlConnection connection, DateTime before, int[] without, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters = { new NpgsqlParameter<DateTime> { TypedValue = before }, new NpgsqlParameter<int[]> { TypedValue = without } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var hours = new List<(DateTime, int[])>();
        while (await reader.ReadAsync(cancellationToken))
        {
            hours.Add((reader.GetDateTime(0), reader.GetFieldValue<int[]>(1)));
        }

        return hours;
    }
}
