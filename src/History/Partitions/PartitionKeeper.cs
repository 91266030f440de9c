using System.Collections.Immutable;
using EnergyTTT.History.Rollups;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History.Partitions;

/// <summary>Makes the partitions of the days to come and drops those that retention has passed.</summary>
public sealed class PartitionKeeper(NpgsqlDataSource source, IOptions<RetentionOptions> options, TimeProvider time)
{
    // A frame that was just accepted at the edge of retention must not lose its partition between the check and its commit.
    private static readonly TimeSpan Slack = TimeSpan.FromHours(1);

    /// <summary>Brings the partitions of all levels up to date.</summary>
    /// <returns>The names of the partitions that were dropped.</returns>
    public async Task<ImmutableArray<string>> Keep(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        var dropped = ImmutableArray.CreateBuilder<string>();
        foreach (var (table, kept) in new[]
        {
            (PartitionedTable.Frame, options.Value.Frames),
            (PartitionedTable.Sealed, options.Value.Frames),
            (PartitionedTable.Minutes, options.Value.Minutes),
            (PartitionedTable.Hours, options.Value.Hours),
        })
        {
            var today = DateOnly.FromDateTime(now.UtcDateTime);
            for (var day = today; day <= today.AddDays(options.Value.DaysAhead); day = day.AddDays(1))
            {
                await AddPartition.Execute(connection, table, day, cancellationToken);
            }

            foreach (var start in await ReadPartitions.Execute(connection, table, cancellationToken))
            {
                var end = new DateTimeOffset(table.EndOf(start), TimeOnly.MinValue, TimeSpan.Zero);
                if (end < now - kept - Slack)
                {
                    await DropPartition.Execute(connection, table, start, cancellationToken);
                    dropped.Add($"{table.Name}_{start:yyyyMMdd}");
                }
            }
        }

        await DropVacated(connection, cancellationToken);
        await DeleteOldFleet.Execute(connection, now - options.Value.Minutes, now - options.Value.Hours, cancellationToken);
        return dropped.ToImmutable();
    }

    /// <summary>Days whose frames are all sealed keep no empty partition; frames that come late make it again.</summary>
    private static async Task DropVacated(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (await RollupState.Read(connection, RollupState.Seal, cancellationToken) is not { } border)
        {
            return;
        }

        foreach (var start in await ReadPartitions.Execute(connection, PartitionedTable.Frame, cancellationToken))
        {
            if (PartitionedTable.Frame.EndOf(start).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) <= border)
            {
                await DropPartition.ExecuteIfVacated(connection, PartitionedTable.Frame, start, cancellationToken);
            }
        }
    }
}
