using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>Notes which minutes of which GPUs have new frames, in the transaction that writes those frames.</summary>
internal static class InsertTouched
{
    // language=sql
    private const string Sql =
        """
        insert into telemetry.touched (minute, gpu_ids)
        values ($1, $2)
        """;

    /// <summary>Adds the statements to a batch, one per minute.</summary>
    public static void AddTo(NpgsqlBatch batch, IReadOnlyDictionary<long, HashSet<int>> gpusByMinute)
    {
        foreach (var (minute, gpus) in gpusByMinute)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Sql)
            {
                Parameters =
                {
                    new NpgsqlParameter<DateTime> { TypedValue = new DateTime(minute * TimeSpan.TicksPerMinute, DateTimeKind.Utc) },
                    new NpgsqlParameter<int[]> { TypedValue = [.. gpus] },
                },
            });
        }
    }
}
