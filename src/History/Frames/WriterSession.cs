using System.Collections.Immutable;
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
            await Copy(cancellationToken);
            return [.. group.Select(pending => new WriteReceipt(pending.Frames.Count, []))];
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DeadlockDetected)
        {
            // Some frame is stored already, or two silos were sent the same frames in another order.
            return Sort(group, await StageInRounds(cancellationToken));
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

    private async Task Copy(CancellationToken cancellationToken)
    {
        _copy.Start();
        foreach (var row in _rows)
        {
            _copy.Add(row);
        }

        _copy.End();
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await CopyFrames.Execute(connection, _copy, cancellationToken);
        await Touch(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
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
        _copy.Start();
        for (var i = 0; i < _rows.Count; i++)
        {
            _copy.Add(_rows[i], i);
        }

        _copy.End();
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var stored = await StageFrames.Execute(connection, _copy, cancellationToken);
        await Touch(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return stored;
    }

    private async Task Touch(CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection);
        InsertTouched.AddTo(batch, _touched);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private ImmutableArray<WriteReceipt> Sort(IReadOnlyList<PendingBatch> group, HashSet<FrameKey> stored)
    {
        var receipts = ImmutableArray.CreateBuilder<WriteReceipt>(group.Count);
        var at = 0;
        foreach (var pending in group)
        {
            var duplicates = ImmutableArray.CreateBuilder<int>();
            for (var i = 0; i < pending.Frames.Count; i++)
            {
                // The first frame with a key is the stored one; later ones with the same key find it gone.
                if (!stored.Remove(_rows[at++].Key))
                {
                    duplicates.Add(i);
                }
            }

            receipts.Add(new WriteReceipt(pending.Frames.Count - duplicates.Count, duplicates.ToImmutable()));
        }

        return receipts.MoveToImmutable();
    }
}
