using System.Collections.Frozen;
using System.Text.Json;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Runs;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Runs;

/// <summary>Puts what a run consists of in the place of what it consisted of before.</summary>
internal static class ReplaceParts
{
    // language=sql
    private static readonly string[] Deletes =
    [
        "delete from experiment.fact where run_no = $1",
        "delete from experiment.document where run_no = $1",
        "delete from experiment.arm where run_no = $1",
        "delete from experiment.trial where run_no = $1",
        "delete from experiment.comparison where run_no = $1",
        "delete from experiment.series where run_no = $1",
    ];

    // language=sql
    private const string FactsSql =
        """
        insert into experiment.fact (run_no, field_id, number, moment, flag, text)
        select $1, fact.field_id, fact.number, fact.moment, fact.flag, fact.text
        from unnest($2::integer[], $3::double precision[], $4::timestamptz[], $5::boolean[], $6::text[]) as fact (field_id, number, moment, flag, text)
        """;

    // language=sql
    private const string DocumentSql = "insert into experiment.document (run_no, description, receipt, receipt_sha256) values ($1, $2::json, $3::json, $4)";

    // language=sql
    private const string ArmsSql =
        """
        insert into experiment.arm (run_no, position, name, content)
        select $1, arm.position - 1, arm.name, arm.content::json
        from unnest($2::text[], $3::text[]) with ordinality as arm (name, content, position)
        """;

    // language=sql
    private const string ComparisonsSql =
        """
        insert into experiment.comparison (run_no, position, control, treated, content)
        select $1, comparison.position - 1, comparison.control, comparison.treated, comparison.content::json
        from unnest($2::text[], $3::text[], $4::text[]) with ordinality as comparison (control, treated, content, position)
        """;

    // language=sql
    private const string SeriesSql =
        """
        insert into experiment.series (run_no, position, name, label, content)
        select $1, series.position - 1, series.name, series.label, series.content::json
        from unnest($2::text[], $3::text[], $4::text[]) with ordinality as series (name, label, content, position)
        """;

    public static async Task Execute(NpgsqlConnection connection, NpgsqlTransaction transaction, int run, RunBundle bundle, FrozenDictionary<string, int> fields, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var delete in Deletes)
        {
            Add(batch, delete, run);
        }

        var facts = RunFacts.Of(bundle);
        var command = Add(batch, FactsSql, run);
        command.Parameters.Add(new() { Value = facts.Select(fact => fields[fact.Name]).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
        command.Parameters.Add(new() { Value = facts.Select(fact => fact.Number).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Double });
        command.Parameters.Add(new() { Value = facts.Select(fact => fact.Moment?.ToUniversalTime()).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new() { Value = facts.Select(fact => fact.Flag).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Boolean });
        command.Parameters.Add(Texts(facts.Select(fact => fact.Text)));

        command = Add(batch, DocumentSql, run);
        command.Parameters.Add(Text(JsonSerializer.Serialize(bundle.Run, RunJson.Default.RunDescription)));
        command.Parameters.Add(Text(bundle.Receipt is { } receipt ? JsonSerializer.Serialize(receipt, RunJson.Default.RunReceipt) : null));
        command.Parameters.Add(Text(RunBundleFile.Digest(bundle.Receipt)));

        command = Add(batch, ArmsSql, run);
        command.Parameters.Add(Texts(bundle.Arms.Select(arm => arm.Name)));
        command.Parameters.Add(Texts(bundle.Arms.Select(arm => JsonSerializer.Serialize(arm, RunJson.Default.RunArm))));

        command = Add(batch, ComparisonsSql, run);
        command.Parameters.Add(Texts(bundle.Comparisons.Select(comparison => comparison.Control)));
        command.Parameters.Add(Texts(bundle.Comparisons.Select(comparison => comparison.Treated)));
        command.Parameters.Add(Texts(bundle.Comparisons.Select(comparison => JsonSerializer.Serialize(comparison, RunJson.Default.RunComparison))));

        command = Add(batch, SeriesSql, run);
        command.Parameters.Add(Texts(bundle.Series.Select(series => series.Name)));
        command.Parameters.Add(Texts(bundle.Series.Select(series => series.Label)));
        command.Parameters.Add(Texts(bundle.Series.Select(series => JsonSerializer.Serialize(series, RunJson.Default.RunSeries))));
        await batch.ExecuteNonQueryAsync(cancellationToken);
        await InsertTrials.Execute(connection, transaction, run, bundle.Trials, cancellationToken);
    }

    private static NpgsqlBatchCommand Add(NpgsqlBatch batch, string sql, int run)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = run });
        batch.BatchCommands.Add(command);
        return command;
    }

    private static NpgsqlParameter Text(string? text) => new() { Value = text ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter Texts(IEnumerable<string?> texts) => new() { Value = texts.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
