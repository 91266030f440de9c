using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EnergyTTT.Wire.Runs;
using Npgsql;

namespace EnergyTTT.History.Runs;

/// <summary>Reads a whole run. In one snapshot: the transaction must be repeatable.</summary>
internal static class ReadRun
{
    // language=sql
    private const string RunSql =
        """
        select r.run_no, r.state, r.reason, r.finished, r.recorded, r.heard, r.source, r.recorder, r.settled, r.digest, d.description::text, d.receipt::text, d.receipt_sha256
        from experiment.run r
        join experiment.document d on d.run_no = r.run_no
        where r.run_id = $1
        """;

    // language=sql
    private const string ArmsSql = "select content::text from experiment.arm where run_no = $1 order by position";

    // language=sql
    private const string TrialsSql = "select content::text from experiment.trial where run_no = $1 order by block";

    // language=sql
    private const string ComparisonsSql = "select content::text from experiment.comparison where run_no = $1 order by position";

    // language=sql
    private const string SeriesSql = "select content::text from experiment.series where run_no = $1 order by position";

    public static async Task<RunRecord?> Execute(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        if (await Head(connection, transaction, id, cancellationToken) is not var (number, record))
        {
            return null;
        }

        var bundle = record.Bundle with
        {
            Arms = await Parts(connection, transaction, ArmsSql, number, RunJson.Default.RunArm, cancellationToken),
            Trials = await Parts(connection, transaction, TrialsSql, number, RunJson.Default.RunTrial, cancellationToken),
            Comparisons = await Parts(connection, transaction, ComparisonsSql, number, RunJson.Default.RunComparison, cancellationToken),
            Series = await Parts(connection, transaction, SeriesSql, number, RunJson.Default.RunSeries, cancellationToken),
        };
        return record with { Bundle = bundle };
    }

    private static async Task<(int Number, RunRecord Record)?> Head(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(RunSql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var description = Part(reader.GetString(10), RunJson.Default.RunDescription);
        var settled = reader.GetBoolean(8);
        if (!settled)
        {
            description = description with
            {
                State = RunWords.State(reader.GetString(1)),
                Reason = Text(reader, 2),
                Finished = reader.IsDBNull(3) ? null : reader.GetFieldValue<DateTimeOffset>(3),
            };
        }

        var bundle = new RunBundle
        {
            Schema = RunBundle.CurrentSchema,
            Run = description,
            Arms = [],
            Trials = [],
            Comparisons = [],
            Receipt = Text(reader, 11) is { } receipt ? Part(receipt, RunJson.Default.RunReceipt) : null,
            ReceiptSha256 = Text(reader, 12),
        };
        return (reader.GetInt32(0), new(bundle, reader.GetFieldValue<DateTimeOffset>(4), reader.GetFieldValue<DateTimeOffset>(5), reader.GetString(6), reader.GetString(7), settled, Text(reader, 9)));
    }

    private static async Task<IReadOnlyList<T>> Parts<T>(NpgsqlConnection connection, NpgsqlTransaction transaction, string sql, int number, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = number });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var parts = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            parts.Add(Part(reader.GetString(0), type));
        }

        return parts;
    }

    private static T Part<T>(string json, JsonTypeInfo<T> type) => JsonSerializer.Deserialize(json, type) ?? throw new InvalidOperationException("A part of a run is stored as null.");

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
