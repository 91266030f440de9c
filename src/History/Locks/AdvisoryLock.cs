using Npgsql;

namespace EnergyTTT.History.Locks;

/// <summary>Locks of PostgreSQL that stand for work instead of rows. Each has a number of its own in the whole product.</summary>
internal static class AdvisoryLock
{
    /// <summary>The one process that rolls up.</summary>
    public const long Roller = 0x456E_6572_726F_6C6C;

    /// <summary>The one process that seals.</summary>
    public const long Sealer = 0x456E_6572_7365_616C;

    /// <summary>Shared by transactions that store frames, from before they look at the seal's border until their end; the sealer moves the border alone.</summary>
    public const long SealBorder = 0x456E_6572_626F_7264;

    /// <summary>Shared by transactions that compare frames with sealed ones; the sealer has it alone while frames change over.</summary>
    public const long Sealed = 0x456E_6572_7365_6465;

    // language=sql
    public const string ShareSql = "select pg_advisory_xact_lock_shared($1)";

    // language=sql
    private const string TakeSql = "select pg_advisory_xact_lock($1)";

    // language=sql
    private const string TrySql = "select pg_try_advisory_lock($1)";

    // language=sql
    private const string UnlockSql = "select pg_advisory_unlock($1)";

    /// <summary>Waits for the lock and keeps it until the transaction ends.</summary>
    public static async Task Take(NpgsqlConnection connection, long key, CancellationToken cancellationToken) => await Execute(connection, TakeSql, key, cancellationToken);

    /// <summary>The same, beside others that share it.</summary>
    public static async Task Share(NpgsqlConnection connection, long key, CancellationToken cancellationToken) => await Execute(connection, ShareSql, key, cancellationToken);

    /// <summary>Takes the lock for the connection, to be given back when disposed; null when another has it.</summary>
    public static async Task<Turn?> TryTake(NpgsqlConnection connection, long key, CancellationToken cancellationToken) =>
        await Execute(connection, TrySql, key, cancellationToken) is true ? new Turn(connection, key) : null;

    private static async Task<object?> Execute(NpgsqlConnection connection, string sql, long key, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = key } } };
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>A lock that a connection has.</summary>
    public sealed class Turn(NpgsqlConnection connection, long key) : IAsyncDisposable
    {
        /// <inheritdoc/>
        public async ValueTask DisposeAsync()
        {
            // A lost connection has given its locks back.
            if (connection.State == System.Data.ConnectionState.Open)
            {
                await Execute(connection, UnlockSql, key, CancellationToken.None);
            }
        }
    }
}
