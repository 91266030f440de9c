using EnergyTTT.History.Locks;
using EnergyTTT.History.Rollups;
using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>Reads the border of sealing at the end of a transaction that stores frames; until its commit nobody can move the border.</summary>
internal static class LookAtBorder
{
    /// <summary>Adds the two statements as the last of a batch: the lock first, for the second sees what was committed before it.</summary>
    public static void AddTo(NpgsqlBatch batch)
    {
        batch.BatchCommands.Add(new NpgsqlBatchCommand(AdvisoryLock.ShareSql) { Parameters = { new NpgsqlParameter<long> { TypedValue = AdvisoryLock.SealBorder } } });
        batch.BatchCommands.Add(new NpgsqlBatchCommand(RollupState.ReadSql) { Parameters = { new NpgsqlParameter<string> { TypedValue = RollupState.Seal } } });
    }

    /// <summary>Reads the answers; null: nothing was ever sealed.</summary>
    public static async Task<DateTime?> Read(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        // The first result is the lock's.
        await reader.NextResultAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? reader.GetDateTime(0) : null;
    }
}
