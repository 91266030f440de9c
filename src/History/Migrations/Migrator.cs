using System.Collections.Immutable;
using Npgsql;

namespace EnergyTTT.History.Migrations;

/// <summary>
/// Brings a database to the schema of this program. Forward only: each step runs once, in its own transaction, and is
/// recorded with its checksum in <c>public.migration</c>. Servers that start together take turns by an advisory lock.
/// </summary>
public static class Migrator
{
    // language=sql
    private const string PatienceSql = "set local lock_timeout = '2s'";
    private const int MostTries = 10;
    private static readonly TimeSpan PauseBetweenTries = TimeSpan.FromSeconds(1);

    /// <summary>Applies the built-in steps that are missing.</summary>
    /// <returns>The numbers of the steps that were applied now; empty when the database was up to date.</returns>
    /// <exception cref="MigrationException">A recorded step is changed or missing here, numbers are out of order, or a step failed.</exception>
    public static Task<ImmutableArray<int>> Migrate(NpgsqlDataSource source, CancellationToken cancellationToken) =>
        Migrate(source, Migration.BuiltIn, cancellationToken);

    /// <summary>Applies those of <paramref name="migrations"/> that are missing.</summary>
    /// <inheritdoc cref="Migrate(NpgsqlDataSource, CancellationToken)"/>
    public static async Task<ImmutableArray<int>> Migrate(NpgsqlDataSource source, IReadOnlyList<Migration> migrations, CancellationToken cancellationToken)
    {
        var steps = migrations.OrderBy(step => step.Number).ToImmutableArray();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await MigrationLedger.Lock(connection, cancellationToken);
        try
        {
            var recorded = await MigrationLedger.Read(connection, cancellationToken);
            if (Disagreements(steps, recorded) is { Count: > 0 } wrong)
            {
                throw new MigrationException(string.Join(Environment.NewLine, wrong));
            }

            var missing = steps[recorded.Length..];
            foreach (var step in missing)
            {
                await Apply(connection, step, cancellationToken);
            }

            return [.. missing.Select(step => step.Number)];
        }
        finally
        {
            await MigrationLedger.Unlock(connection);
        }
    }

    private static List<string> Disagreements(ImmutableArray<Migration> steps, ImmutableArray<RecordedMigration> recorded)
    {
        var wrong = new List<string>();
        foreach (var twice in steps.GroupBy(step => step.Number).Where(group => group.Count() > 1))
        {
            wrong.Add($"Two migrations have the number {twice.Key:0000}: {string.Join(", ", twice.Select(step => step.File))}. Give the newer one the next free number.");
        }

        var known = steps.DistinctBy(step => step.Number).ToDictionary(step => step.Number);
        foreach (var row in recorded)
        {
            if (!known.TryGetValue(row.Number, out var step))
            {
                wrong.Add($"The database has migration {row.Number:0000}_{row.Name}.sql (applied {row.Applied:u}), which this program does not know. Start the version that made it, or a newer one.");
            }
            else if (step.Checksum != row.Checksum)
            {
                wrong.Add($"Migration {step.File} was changed after the database had applied it ({row.Applied:u}): checksum {step.Checksum[..12]} here, {row.Checksum[..12]} there. Put the old text back and make the change in a new migration.");
            }
        }

        var newest = recorded.IsEmpty ? 0 : recorded[^1].Number;
        var applied = recorded.Select(row => row.Number).ToHashSet();
        foreach (var step in steps.Where(step => step.Number < newest && !applied.Contains(step.Number)))
        {
            wrong.Add($"Migration {step.File} arrived after {newest:0000} had been applied. Give it a number above {newest:0000}.");
        }

        return wrong;
    }

    /// <summary>
    /// Applies a step to a database that servers of the version before may be using: whoever waits for a lock lets all others wait behind it, so the step gives up
    /// soon and comes again.
    /// </summary>
    private static async Task Apply(NpgsqlConnection connection, Migration step, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await ApplyOnce(connection, step, cancellationToken);
                return;
            }
            catch (MigrationException busy) when (tries < MostTries && busy.InnerException is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
            {
                await Task.Delay(PauseBetweenTries, TimeProvider.System, cancellationToken);
            }
        }
    }

    private static async Task ApplyOnce(NpgsqlConnection connection, Migration step, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await using (var patience = new NpgsqlCommand(PatienceSql, connection, transaction))
            {
                await patience.ExecuteNonQueryAsync(cancellationToken);
            }

            await using var command = new NpgsqlCommand(step.Sql, connection, transaction) { CommandTimeout = 0 };
            await command.ExecuteNonQueryAsync(cancellationToken);
            await MigrationLedger.Record(connection, transaction, step, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (PostgresException e)
        {
            throw new MigrationException($"Migration {step.File} failed and was rolled back: {e.SqlState} {e.MessageText}{(e.Detail is null ? "" : $" ({e.Detail})")}", e);
        }
    }
}
