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
            select minute
            from telemetry.touched
            where minute < $1
            group by minute
            having minute >= $3
                or max(noted) <= clock_timestamp() - $4
                or min(noted) <= clock_timestamp() - $5
            order by minute
            limit $2
        )
        returning minute, gpu_ids
        """;

    /// <summary>Answers the GPUs by minute, in the order of time.</summary>
    /// <param name="before">Minutes before this one have ended.</param>
    /// <param name="completeUntil">Minutes before this one were complete once and wait until frames have stopped coming.</param>
    public static async Task<SortedDictionary<DateTime, HashSet<int>>> Execute(
        NpgsqlConnection connection, DateTime before, DateTime completeUntil, RollupOptions options, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<DateTime> { TypedValue = before },
                new NpgsqlParameter<int> { TypedValue = options.MinutesPerTransaction },
                new NpgsqlParameter<DateTime> { TypedValue = completeUntil },
                new NpgsqlParameter<TimeSpan> { TypedValue = options.LateQuiet },
                new NpgsqlParameter<TimeSpan> { TypedValue = options.LateMost },
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
