using EnergyTTT.History.Locks;
using EnergyTTT.History.Partitions;
using EnergyTTT.History.Seals;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History.Rollups;

/// <summary>
/// Makes the roll-ups that are due. Any number of processes may try: one at a time does it. What it does is idempotent, and a
/// minute that gets frames late is rolled up again, with its hour.
/// </summary>
public sealed class Roller(NpgsqlDataSource source, IOptions<RollupOptions> options, TimeProvider time)
{
    private readonly HashSet<(string Table, DateOnly Start)> _partitions = [];

    /// <summary>Rolls up everything that is due.</summary>
    /// <returns>Rows written, or null when another process is at it.</returns>
    public async Task<int?> Roll(CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var turn = await AdvisoryLock.TryTake(connection, AdvisoryLock.Roller, cancellationToken);
        if (turn is null)
        {
            return null;
        }

        try
        {
            var due = Floor((time.GetUtcNow() - options.Value.Grace).UtcDateTime, TimeSpan.FromMinutes(1));
            var completeUntil = await RollupState.Read(connection, RollupState.Minute, cancellationToken) ?? DateTime.UnixEpoch;
            var rows = 0;
            while (await RollSome(connection, due, completeUntil, cancellationToken) is { } written)
            {
                rows += written;
            }

            await RollupState.Advance(connection, RollupState.Minute, due, cancellationToken);
            rows += await RollWholeHours(connection, due, cancellationToken);
            await AddUpThePast(connection, RollupState.FleetMinuteSince, TimeSpan.FromHours(1), RollFleet.Minutes, cancellationToken);
            await AddUpThePast(connection, RollupState.FleetHourSince, TimeSpan.FromDays(2), RollFleet.Hours, cancellationToken);
            return rows;
        }
        catch
        {
            // What was made in a transaction that failed is not there.
            _partitions.Clear();
            throw;
        }
    }

    private static DateTime Floor(DateTime time, TimeSpan step) => new(time.Ticks - (time.Ticks % step.Ticks), DateTimeKind.Utc);

    /// <summary>One transaction's worth of minutes; null when none is left.</summary>
    private async Task<int?> RollSome(NpgsqlConnection connection, DateTime due, DateTime completeUntil, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var work = await TakeTouched.Execute(connection, due, completeUntil, options.Value, cancellationToken);
        if (work.Count == 0)
        {
            return null;
        }

        // Frames change over to their sealed form before or after this, and not meanwhile.
        await AdvisoryLock.Share(connection, AdvisoryLock.Sealed, cancellationToken);
        var border = await RollupState.Read(connection, RollupState.Seal, cancellationToken);
        var rows = 0;
        foreach (var (minute, gpus) in work)
        {
            await EnsurePartition(connection, PartitionedTable.Minutes, minute, cancellationToken);
            var withSealed = minute < border && await StageSealed.Execute(connection, [.. gpus], minute, minute.AddMinutes(1), cancellationToken);
            rows += await RollMinute.Execute(connection, minute, [.. gpus], withSealed, cancellationToken);
            await RollFleet.Minutes(connection, minute, minute.AddMinutes(1), cancellationToken);
        }

        // Frames came late to hours that were complete.
        if (await RollupState.Read(connection, RollupState.Hour, cancellationToken) is { } hoursUntil)
        {
            foreach (var late in work.Where(entry => entry.Key < hoursUntil).GroupBy(entry => Floor(entry.Key, TimeSpan.FromHours(1))))
            {
                await EnsurePartition(connection, PartitionedTable.Hours, late.Key, cancellationToken);
                rows += await RollHours.Execute(connection, late.Key, late.Key.AddHours(1), [.. late.SelectMany(entry => entry.Value).Distinct()], cancellationToken);
                await RollFleet.Hours(connection, late.Key, late.Key.AddHours(1), cancellationToken);
            }
        }

        await transaction.CommitAsync(cancellationToken);
        return rows;
    }

    private async Task<int> RollWholeHours(NpgsqlConnection connection, DateTime minutesUntil, CancellationToken cancellationToken)
    {
        var to = Floor(minutesUntil, TimeSpan.FromHours(1));
        var from = await RollupState.Read(connection, RollupState.Hour, cancellationToken)
            ?? Floor(await RollupState.FirstMinute(connection, cancellationToken) ?? to, TimeSpan.FromHours(1));
        var rows = 0;
        for (var hour = from; hour < to; hour = hour.AddHours(1))
        {
            await EnsurePartition(connection, PartitionedTable.Hours, hour, cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            rows += await RollHours.Execute(connection, hour, hour.AddHours(1), null, cancellationToken);
            await RollFleet.Hours(connection, hour, hour.AddHours(1), cancellationToken);
            await RollupState.Advance(connection, RollupState.Hour, hour.AddHours(1), cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        await RollupState.Advance(connection, RollupState.Hour, to, cancellationToken);
        return rows;
    }

    /// <summary>What was rolled up before fleets were added up is added up some time back in every round, until nothing older is there.</summary>
    private static async Task AddUpThePast(
        NpgsqlConnection connection, string level, TimeSpan some, Func<NpgsqlConnection, DateTime, DateTime, CancellationToken, Task> addUp, CancellationToken cancellationToken)
    {
        if (await RollupState.Read(connection, level, cancellationToken) is not { } since || since == RollupState.Ever)
        {
            return;
        }

        var first = await RollupState.FirstOf(connection, level, cancellationToken);
        var from = since - some;
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await addUp(connection, from, since, cancellationToken);
        await RollupState.Recede(connection, level, from <= (first ?? since) ? RollupState.Ever : from, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private async Task EnsurePartition(NpgsqlConnection connection, PartitionedTable table, DateTime moment, CancellationToken cancellationToken)
    {
        var start = table.StartOf(DateOnly.FromDateTime(moment));
        if (_partitions.Add((table.Name, start)))
        {
            await AddPartition.Execute(connection, table, start, cancellationToken);
        }
    }
}
