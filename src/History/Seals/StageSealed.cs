using EnergyTTT.History.Frames;
using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>Unpacks sealed frames into a temporary table that looks like <c>telemetry.frame</c>, for statements that need them beside rows. Empties itself when the transaction ends.</summary>
internal static class StageSealed
{
    /// <summary>The table.</summary>
    public const string Table = "frame_sealed";

    // language=sql
    private const string CreateSql =
        $"""
        create temporary table if not exists {Table} (
            like telemetry.frame including indexes
        ) on commit delete rows
        """;

    // language=sql
    private const string CopySql = $"copy {Table} ({BinaryCopy.Columns}) from stdin (format binary)";

    /// <summary>Puts the sealed frames of a range into the table; the caller's transaction shares <see cref="Locks.AdvisoryLock.Sealed"/>.</summary>
    /// <returns>Whether there are any; the table may not exist when there are none.</returns>
    public static async Task<bool> Execute(NpgsqlConnection connection, int[] gpuIds, DateTime from, DateTime to, CancellationToken cancellationToken)
    {
        var found = await ReadSealed.Execute(connection, gpuIds, from, to, cancellationToken);
        if (found.Count == 0)
        {
            return false;
        }

        await using (var create = new NpgsqlCommand(CreateSql, connection))
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }

        using var rows = new BinaryCopy();
        rows.Start();
        foreach (var (gpu, frames) in found)
        {
            var (first, after) = frames.Between(from, to);
            for (var row = first; row < after; row++)
            {
                rows.Add(gpu, frames, row);
            }
        }

        rows.End();
        await using var stream = await connection.BeginRawBinaryCopyAsync(CopySql, cancellationToken);
        await stream.WriteAsync(rows.Written, cancellationToken);
        return true;
    }
}
