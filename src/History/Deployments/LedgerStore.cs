using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Deployments;

/// <summary>Joules of one layer in one minute; layer -1 is the whole model.</summary>
/// <param name="Minute">Start of the minute, UTC.</param>
/// <param name="Layer">The layer, or -1.</param>
/// <param name="Tokens">Tokens completed.</param>
/// <param name="CounterJoules">What the GPUs took by their counters (whole model only); null when nothing was counted.</param>
/// <param name="AttributedJoules">What the cost table explains.</param>
/// <param name="IdleJoules">What idling GPUs would have taken in the same time (whole model only); null when the idle power is not known.</param>
/// <param name="ExpertJoules">The attributed joules by expert; empty for the whole model.</param>
public sealed record LedgerEntry(
    DateTimeOffset Minute, int Layer, long Tokens, double? CounterJoules, double AttributedJoules, double? IdleJoules, ImmutableArray<double> ExpertJoules)
{
    /// <summary>What neither experts nor idling explain (attention, embeddings, transfers, error of the table); null where nothing was counted.</summary>
    public double? ResidualJoules => CounterJoules - AttributedJoules - (IdleJoules ?? 0);
}

/// <summary>The energy ledger in <c>routing.ledger</c>: minutes are written once, when they are over.</summary>
public sealed class LedgerStore(NpgsqlDataSource dataSource)
{
    /// <summary>Writes the entries of finished minutes; an entry that is there is replaced.</summary>
    public async Task Save(int deploymentId, IReadOnlyList<LedgerEntry> entries, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            insert into routing.ledger (deployment_id, minute, layer, tokens, counter_joules, attributed_joules, idle_joules, expert_joules)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (deployment_id, minute, layer) do update
            set tokens = excluded.tokens,
                counter_joules = excluded.counter_joules,
                attributed_joules = excluded.attributed_joules,
                idle_joules = excluded.idle_joules,
                expert_joules = excluded.expert_joules
            """;
        await using var batch = dataSource.CreateBatch();
        foreach (var entry in entries)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(Sql)
            {
                Parameters =
                {
                    new NpgsqlParameter<int> { TypedValue = deploymentId },
                    new NpgsqlParameter<DateTimeOffset> { TypedValue = entry.Minute.ToUniversalTime() },
                    new NpgsqlParameter<short> { TypedValue = (short)entry.Layer },
                    new NpgsqlParameter<long> { TypedValue = entry.Tokens },
                    new NpgsqlParameter { Value = (object?)entry.CounterJoules ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Double },
                    new NpgsqlParameter<double> { TypedValue = entry.AttributedJoules },
                    new NpgsqlParameter { Value = (object?)entry.IdleJoules ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Double },
                    new NpgsqlParameter<byte[]> { TypedValue = MemoryMarshal.AsBytes(entry.ExpertJoules.AsSpan()).ToArray() },
                },
            });
        }

        if (batch.BatchCommands.Count > 0)
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>The entries of a range of minutes (from inclusive, to exclusive), by minute and layer.</summary>
    public async Task<ImmutableArray<LedgerEntry>> Read(int deploymentId, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select minute, layer, tokens, counter_joules, attributed_joules, idle_joules, expert_joules
            from routing.ledger
            where deployment_id = $1
              and minute >= $2
              and minute < $3
            order by minute, layer
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = from.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = to.ToUniversalTime() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<LedgerEntry>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new LedgerEntry(
                reader.GetFieldValue<DateTimeOffset>(0), reader.GetInt16(1), reader.GetInt64(2), reader.IsDBNull(3) ? null : reader.GetDouble(3), reader.GetDouble(4),
                reader.IsDBNull(5) ? null : reader.GetDouble(5), [.. MemoryMarshal.Cast<byte, double>(reader.GetFieldValue<byte[]>(6))]));
        }

        return rows.ToImmutable();
    }
}
