using Npgsql;

namespace EnergyTTT.History.Rollups;

/// <summary>Takes the oldest minutes off the work list, in the transaction that rolls them up: a failure puts them back.</summary>
internal static class TakeTouched
{
    // language=sql
    private const string Sql =
        """
        delete from telemetry.touched
        where minute in (
            select distinct minute
            from telemetry.touched
            where minute < $1
            order by minute
            limit $2
        )
        returning minute, gpu_ids
        """;

    /// <summary>Answers the GPUs by minute, in the order of time.</summary>
    public static async Task<SortedDictionary<DateTime, HashSet<int>>> Execute(NpgsqlConnection connection, DateTime before, int minutes, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<DateTime> { TypedValue = before },
                new NpgsqlParameter<int> { TypedValue = minutes },
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var work = new SortedDictionary<DateTime, HashSet<int>>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var minute = reader.GetDateTime(0);
            if (!work.TryGetValue(minute, out var gpus))
            {
                work[minute] = gpus = [];
            }

            gpus.UnionWith(reader.GetFieldValue<int[]>(1));
        }

        return work;
    }
}
