using System.Collections.Immutable;
using EnergyTTT.History.Seals;
using Npgsql;

namespace EnergyTTT.History.Frames;

/// <summary>One connection of the frame writer: commits groups, one at a time.</summary>
internal sealed class WriterSession(NpgsqlConnection connection, FrameMemory memory) : IAsyncDisposable
{
    // Staging goes by key and cannot lock in a circle with another staging, only with plain copies; each of those ends after its one round.
    private const int StagingRounds = 5;

    private readonly BinaryCopy _copy = new();
    private readonly List<FrameRow> _rows = [];
    private readonly Dictionary<long, HashSet<int>> _touched = [];
    private DateTime _oldest;

    /// <summary>Stores all frames of the group in one transaction and answers one receipt per batch, in order. On failure nothing is stored.</summary>
    public async Task<ImmutableArray<WriteReceipt>> Store(IReadOnlyList<PendingBatch> group, CancellationToken cancellationToken)
    {
        await memory.Dictionary.Learn(connection, group, cancellationToken);
        Arrange(group);
        if (_rows.Count == 0)
        {
            return [.. group.Select(_ => new WriteReceipt(0, []))];
        }

        await memory.Days.Ensure(connection, _touched.Keys, cancellationToken);
        try
        {
            return Sort(group, await CopyOrStage(cancellationToken));
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.CheckViolation)
        {
            // A day whose frames were all sealed has lost its partition, and gets it again for frames that come late.
            memory.Days.Forget();
            await memory.Days.Ensure(connection, _touched.Keys, cancellationToken);
            return Sort(group, await CopyOrStage(cancellationToken));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _copy.Dispose();
        await connection.DisposeAsync();
    }

    private void Arrange(IReadOnlyList<PendingBatch> group)
    {
        _rows.Clear();
        _touched.Clear();
        _oldest = DateTime.MaxValue;
        var minute = long.MinValue;
        HashSet<int>? gpus = null;
        foreach (var pending in group)
        {
            if (pending.Frames.Count == 0)
            {
                continue;
            }

            var boot = memory.Dictionary.Boot(pending.Batch.Boot);
            foreach (var frame in pending.Frames)
            {
                var gpu = memory.Dictionary.Gpu(frame.Gpu);
                _rows.Add(new FrameRow(frame, gpu, boot, pending.Received));
                _oldest = frame.Time.UtcDateTime < _oldest ? frame.Time.UtcDateTime : _oldest;
                var itsMinute = frame.Time.UtcTicks / TimeSpan.TicksPerMinute;
                if (itsMinute != minute || gpus is null)
                {
                    minute = itsMinute;
                    if (!_touched.TryGetValue(minute, out gpus))
                    {
                        _touched[minute] = gpus = [];
                    }
                }

                gpus.Add(gpu);
            }
        }
    }

    /// <summary>Stores the rows and answers which of their keys are new; asked in the order of the rows, it says so of the first of equal ones.</summary>
    private async Task<Func<FrameKey, bool>> CopyOrStage(CancellationToken cancellationToken)
    {
        try
        {
            // The border may have moved over these frames since it was last seen; then they are known to be late at the second try.
            var refused = await Copy(cancellationToken) ?? await Copy(cancellationToken) ?? throw new InvalidOperationException("The border of sealing moved twice over the same frames.");
            return key => !refused.Contains(key);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
        {
            // Some frame is stored already, or two silos were sent the same frames in another order.
            return (await StageInRounds(cancellationToken)).Remove;
        }
    }

    /// <summary>Copies what is not sealed already and answers what is; null, and nothing stored, when a frame turned out to be late that was not known to be.</summary>
    private async Task<HashSet<FrameKey>?> Copy(CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var late = memory.Border.IsBehind(_oldest);
        var refused = late ? await FindSealed.Execute(connection, _rows, memory.Border, cancellationToken) : [];
        Encode(refused, positions: false);
        await CopyFrames.Execute(connection, _copy, cancellationToken);
        await Touch(cancellationToken);
        if (!late && memory.Border.IsBehind(_oldest))
        {
            return null;
        }

        await transaction.CommitAsync(cancellationToken);
        return refused;
    }

    private async Task<HashSet<FrameKey>> StageInRounds(CancellationToken cancellationToken)
    {
        for (var round = 1; ; round++)
        {
            try
            {
                return await Stage(cancellationToken);
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.DeadlockDetected && round < StagingRounds)
            {
                // Nothing of this round is stored, so the next one finds out anew what is.
            }
        }
    }

    private async Task<HashSet<FrameKey>> Stage(CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var refused = await FindSealed.Execute(connection, _rows, memory.Border, cancellationToken);
        Encode(refused, positions: true);
        var stored = await StageFrames.Execute(connection, _copy, cancellationToken);
        await Touch(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return stored;
    }

    private void Encode(HashSet<FrameKey> refused, bool positions)
    {
        _copy.Start();
        for (var i = 0; i < _rows.Count; i++)
        {
            if (refused.Count == 0 || !refused.Contains(_rows[i].Key))
            {
                _copy.Add(_rows[i], positions ? i : -1);
            }
        }

        _copy.End();
    }

    /// <summary>Puts the minutes on the work list, and looks at the border while nobody can move it until the commit.</summary>
    private async Task Touch(CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        InsertTouched.AddTo(batch, _touched);
        LookAtBorder.AddTo(batch);
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        memory.Border.See(await LookAtBorder.Read(reader, cancellationToken));
    }

    private ImmutableArray<WriteReceipt> Sort(IReadOnlyList<PendingBatch> group, Func<FrameKey, bool> isNew)
    {
        var receipts = ImmutableArray.CreateBuilder<WriteReceipt>(group.Count);
        var at = 0;
        foreach (var pending in group)
        {
            var duplicates = ImmutableArray.CreateBuilder<int>();
            for (var i = 0; i < pending.Frames.Count; i++)
            {
                if (!isNew(_rows[at++].Key))
                {
                    duplicates.Add(i);
                }
            }

            receipts.Add(new WriteReceipt(pending.Frames.Count - duplicates.Count, duplicates.ToImmutable()));
        }

        return receipts.MoveToImmutable();
    }
}
