using EnergyTTT.History.Locks;
using EnergyTTT.History.Partitions;
using EnergyTTT.History.Rollups;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>
/// Packs frames that have left the hot window. Rows go and packed frames come in one transaction, so that a reader sees each frame once whenever it looks, and a
/// kill between two transactions leaves nothing half done. Any number of processes may try: one at a time does it.
/// </summary>
public sealed partial class Sealer(NpgsqlDataSource source, IOptions<SealOptions> options, TimeProvider time, HistoryInstruments instruments, ILogger<Sealer> logger)
{
    private const int FramesOfHour = 3600;

    /// <summary>Seals everything that is due, with pauses.</summary>
    /// <returns>What was done, or null when another process is at it.</returns>
    public async Task<SealedRound?> Seal(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var turn = await AdvisoryLock.TryTake(connection, AdvisoryLock.Sealer, cancellationToken);
        if (turn is null)
        {
            return null;
        }

        var border = await MoveBorder(connection, cancellationToken);
        var round = new SealedRound(border, 0, 0, 0);
        HashSet<int> unsealable = [];
        while (border is { } before && await ReadUnsealed.Execute(connection, before, [.. unsealable], cancellationToken) is { Count: > 0 } hours)
        {
            foreach (var (starts, gpus) in hours)
            {
                await AddPartition.Execute(connection, PartitionedTable.Sealed, DateOnly.FromDateTime(starts), cancellationToken);
                foreach (var some in gpus.Chunk(Math.Max(1, options.Value.FramesPerTransaction / FramesOfHour)))
                {
                    var started = time.GetTimestamp();
                    var (frames, damaged) = await SealSome(connection, starts, some, cancellationToken);
                    unsealable.UnionWith(damaged);
                    round = round with { Frames = round.Frames + frames, Hours = round.Hours + some.Length - damaged.Count, Damaged = round.Damaged + damaged.Count };
                    await Rest(time.GetElapsedTime(started), cancellationToken);
                }
            }
        }

        if (border is not null)
        {
            await RollupState.Advance(connection, RollupState.SealRound, time.GetUtcNow().UtcDateTime, cancellationToken);
        }

        return round;
    }

    /// <summary>Late frames are those before the border. It moves when nobody is storing frames by an older one; a reader of it holds the lock until its frames are committed.</summary>
    private async Task<DateTime?> MoveBorder(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await RollupState.Read(connection, RollupState.Minute, cancellationToken) is not { } rolledUntil)
        {
            return null;
        }

        var hotFrom = time.GetUtcNow().UtcDateTime - options.Value.Hot;
        var border = SealSpan.Of(rolledUntil < hotFrom ? rolledUntil : hotFrom);
        if (await RollupState.Read(connection, RollupState.Seal, cancellationToken) is { } before && before >= border)
        {
            return before;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await AdvisoryLock.Take(connection, AdvisoryLock.SealBorder, cancellationToken);
        await RollupState.Advance(connection, RollupState.Seal, border, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return border;
    }

    /// <summary>An hour whose sealed frames are damaged keeps its rows; the others of its transaction are done one by one then.</summary>
    private async Task<(long Frames, List<int> Damaged)> SealSome(NpgsqlConnection connection, DateTime starts, int[] gpus, CancellationToken cancellationToken)
    {
        try
        {
            return (await ChangeOver(connection, starts, gpus, cancellationToken), []);
        }
        catch (InvalidDataException damage) when (gpus.Length == 1)
        {
            LogDamaged(gpus[0], starts, damage.Message);
            instruments.SealFailed();
            return (0, [gpus[0]]);
        }
        catch (InvalidDataException)
        {
            var frames = 0L;
            List<int> damaged = [];
            foreach (var gpu in gpus)
            {
                var (its, itself) = await SealSome(connection, starts, [gpu], cancellationToken);
                frames += its;
                damaged.AddRange(itself);
            }

            return (frames, damaged);
        }
    }

    private async Task<long> ChangeOver(NpgsqlConnection connection, DateTime starts, int[] gpus, CancellationToken cancellationToken)
    {
        var frames = new Dictionary<int, FrameColumns>();
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await AdvisoryLock.Take(connection, AdvisoryLock.Sealed, cancellationToken);

        // What is sealed already comes first, and of equal frames the first stays.
        foreach (var (gpu, before) in await ReadSealed.Execute(connection, gpus, starts, starts + SealSpan.Length, cancellationToken))
        {
            var columns = frames[gpu] = new FrameColumns(before.Count + 64);
            for (var row = 0; row < before.Count; row++)
            {
                columns.AddRow(before, row);
            }
        }

        await TakeHotFrames.Execute(connection, gpus, starts, frames, cancellationToken);
        List<UpsertSealed.Row> rows = [.. frames.Select(of => UpsertSealed.Row.Pack(of.Key, of.Value.Sorted()))];
        await UpsertSealed.Execute(connection, starts, rows, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        instruments.Sealed(rows.Sum(row => row.Frames), rows.Sum(row => row.Body.Length));
        return rows.Sum(row => (long)row.Frames);
    }

    private Task Rest(TimeSpan worked, CancellationToken cancellationToken)
    {
        var rest = worked * ((1 / options.Value.Share) - 1);
        return rest > TimeSpan.Zero ? Task.Delay(rest, TimeProvider.System, cancellationToken) : Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Frames of GPU {GpuId} from {Starts} on stay unsealed: {Reason}")]
    private partial void LogDamaged(int gpuId, DateTime starts, string reason);
}

/// <summary>What one round of sealing did.</summary>
/// <param name="Border">Frames before it are sealed, or were tried to; null: nothing is rolled up yet, so nothing was sealed.</param>
/// <param name="Frames">Frames in the hours that were packed, those that were packed before included.</param>
/// <param name="Hours">Hours of GPUs that were packed.</param>
/// <param name="Damaged">Hours whose sealed frames cannot be read, so that late frames stay rows.</param>
public sealed record SealedRound(DateTime? Border, long Frames, int Hours, int Damaged);
