using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>What stands between an acknowledgement and the disk, as the server itself says; printed beside every figure of ingest.</summary>
/// <param name="ServerVersion">Such as <c>15.18</c>.</param>
/// <param name="Fsync"><c>on</c> when commits reach the disk.</param>
/// <param name="SynchronousCommit"><c>on</c> when a commit waits for it.</param>
/// <param name="FullPageWrites"><c>on</c> when torn pages are repaired.</param>
/// <param name="FrameTable"><c>permanent</c> when <c>telemetry.frame</c> and all its partitions are logged, else <c>unlogged</c>.</param>
public sealed record DurabilitySettings(string ServerVersion, string Fsync, string SynchronousCommit, string FullPageWrites, string FrameTable)
{
    // language=sql
    private const string Sql =
        """
        select
            current_setting('server_version'),
            current_setting('fsync'),
            current_setting('synchronous_commit'),
            current_setting('full_page_writes'),
            (
                select case when bool_and(relpersistence = 'p') then 'permanent' else 'unlogged' end
                from pg_class
                where oid = 'telemetry.frame'::regclass
                   or oid in (select inhrelid from pg_inherits where inhparent = 'telemetry.frame'::regclass)
            )
        """;

    /// <summary>Whether nothing acknowledged can be lost by a crash of the machine.</summary>
    public bool Durable => Fsync == "on" && SynchronousCommit != "off" && SynchronousCommit != "local" && FullPageWrites == "on" && FrameTable == "permanent";

    /// <summary>Asks the server.</summary>
    public static async Task<DurabilitySettings> Read(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new DurabilitySettings(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetString(4));
    }
}
