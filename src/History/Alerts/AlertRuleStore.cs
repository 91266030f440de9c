using System.Globalization;
using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Json;
using Npgsql;

namespace EnergyTTT.History.Alerts;

/// <summary>Rules with all their versions, in <c>alert.rule_version</c>. What was answered is committed, with its entry in the audit log.</summary>
public sealed class AlertRuleStore(NpgsqlDataSource source, TimeProvider clock)
{
    // language=sql
    private const string InsertSql =
        """
        insert into alert.rule_version (name, version, document, author, reason, created_at)
        select $1, $2 + 1, $3, $4, $5, $6
        where $2 = coalesce((select max(version) from alert.rule_version where name = $1), 0)
        on conflict do nothing
        """;

    /// <summary>The version in force of every rule that was not deleted, by name.</summary>
    public Task<List<AlertRuleVersion>> InForce(CancellationToken cancellationToken) => AlertRows.Read(
        source,
        """
        select name, version, document, author, reason, created_at
        from (select distinct on (name) * from alert.rule_version order by name, version desc) as newest
        where document is not null
        order by name
        """,
        Row,
        cancellationToken);

    /// <summary>All versions of a rule, newest first.</summary>
    public Task<List<AlertRuleVersion>> Versions(string name, CancellationToken cancellationToken) => AlertRows.Read(
        source, "select name, version, document, author, reason, created_at from alert.rule_version where name = $1 order by version desc", Row, cancellationToken, AlertRows.Plain(name));

    /// <summary>Saves a version (null: deletes the rule) if <paramref name="expected"/> is still the newest, else answers null.</summary>
    public async Task<AlertRuleVersion?> Save(string name, long expected, AlertRule? rule, string author, string reason, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await Insert(connection, name, expected, rule, author, reason, now, cancellationToken))
        {
            return null;
        }

        var detail = new Dictionary<string, string?>
        {
            ["version"] = (expected + 1).ToString(CultureInfo.InvariantCulture),
            ["reason"] = reason,
            ["rule"] = rule is null ? null : System.Text.Json.JsonSerializer.Serialize(rule, WireJson.Default.AlertRule),
        };
        await AuditLog.Append(connection, clock, author, rule is null ? "alert.rule.delete" : "alert.rule.save", "alert/rule/" + name, detail, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new(name, expected + 1, rule, author, reason, now);
    }

    /// <summary>Adds what comes with the product where it is missing, and follows it where nobody has changed it.</summary>
    public async Task Seed(IEnumerable<AlertRule> rules, CancellationToken cancellationToken)
    {
        var known = (await AlertRows.Read(
            source, "select distinct on (name) name, version, document, author, reason, created_at from alert.rule_version order by name, version desc", Row, cancellationToken)).ToDictionary(version => version.Name, StringComparer.Ordinal);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        foreach (var rule in rules)
        {
            var current = known.GetValueOrDefault(rule.Name);
            if (current is null || (current.Author == AlertRuleVersion.BuiltIn && Text(current.Rule) != Text(rule)))
            {
                await Insert(connection, rule.Name, current?.Version ?? 0, rule, AlertRuleVersion.BuiltIn, "comes with the product", clock.GetUtcNow(), cancellationToken);
            }
        }
    }

    private static string? Text(AlertRule? rule) => rule is null ? null : System.Text.Json.JsonSerializer.Serialize(rule, WireJson.Default.AlertRule);

    private static async Task<bool> Insert(NpgsqlConnection connection, string name, long expected, AlertRule? rule, string author, string reason, DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(InsertSql, connection)
        {
            Parameters =
            {
                AlertRows.Plain(name), AlertRows.Plain(expected), rule is null ? new() { Value = DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Jsonb } : AlertRows.Json(rule, WireJson.Default.AlertRule),
                AlertRows.Plain(author), AlertRows.Plain(reason), AlertRows.Moment(time),
            },
        };
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static AlertRuleVersion Row(NpgsqlDataReader reader) => new(
        reader.GetString(0), reader.GetInt64(1), reader.IsDBNull(2) ? null : AlertRows.Document(reader, 2, WireJson.Default.AlertRule), reader.GetString(3), reader.GetString(4), reader.GetFieldValue<DateTimeOffset>(5));
}
