using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Json;
using Npgsql;

namespace EnergyTTT.History.Alerts;

/// <summary>What keeps alerts from being told: silences and maintenance windows. Every change is in the audit log.</summary>
public sealed class QuietStore(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>Silences that end after a moment, the one that ends last first.</summary>
    public Task<List<AlertSilence>> Silences(DateTimeOffset endingAfter, CancellationToken cancellationToken) => AlertRows.Read(
        source,
        """
        select silence_id, matchers, starts_at, ends_at, reason, author, created_at, ended_by
        from alert.silence
        where ends_at > $1
        order by ends_at desc, silence_id
        limit 500
        """,
        reader => new AlertSilence(
            reader.GetGuid(0), AlertRows.Document(reader, 1, WireJson.Default.AlertMatcherArray), reader.GetFieldValue<DateTimeOffset>(2), reader.GetFieldValue<DateTimeOffset>(3), reader.GetString(4), reader.GetString(5),
            reader.GetFieldValue<DateTimeOffset>(6), AlertRows.Text(reader, 7)),
        cancellationToken,
        AlertRows.Moment(endingAfter));

    /// <summary>Begins a silence.</summary>
    public Task Add(AlertSilence silence, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(silence);

        // language=sql
        const string Sql =
            """
            insert into alert.silence (silence_id, matchers, starts_at, ends_at, reason, author, created_at)
            values ($1, $2, $3, $4, $5, $6, $7)
            """;
        return Change(
            Sql, silence.Author, "alert.silence.add", $"alert/silence/{silence.Id}", new() { ["matchers"] = string.Join(" ", silence.Matchers), ["until"] = silence.EndsAt.ToString("O"), ["reason"] = silence.Reason }, cancellationToken,
            AlertRows.Plain(silence.Id), AlertRows.Json([.. silence.Matchers], WireJson.Default.AlertMatcherArray), AlertRows.Moment(silence.StartsAt), AlertRows.Moment(silence.EndsAt), AlertRows.Plain(silence.Reason),
            AlertRows.Plain(silence.Author), AlertRows.Moment(silence.CreatedAt));
    }

    /// <summary>Ends a silence early; false when it is over or there is none.</summary>
    public Task<bool> End(Guid id, string author, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            update alert.silence
            set ends_at = greatest(starts_at, $2),
                ended_by = $3
            where silence_id = $1
              and ends_at > $2
            """;
        return Change(Sql, author, "alert.silence.end", $"alert/silence/{id}", [], cancellationToken, AlertRows.Plain(id), AlertRows.Moment(clock.GetUtcNow()), AlertRows.Plain(author));
    }

    /// <summary>All maintenance windows, by name.</summary>
    public Task<List<MaintenanceWindow>> Windows(CancellationToken cancellationToken) => AlertRows.Read(
        source, "select document from alert.maintenance order by name", reader => AlertRows.Document(reader, 0, WireJson.Default.MaintenanceWindow), cancellationToken);

    /// <summary>Writes a maintenance window.</summary>
    public Task Put(MaintenanceWindow window, string author, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(window);

        // language=sql
        const string Sql =
            """
            insert into alert.maintenance (name, document, author, changed_at)
            values ($1, $2, $3, $4)
            on conflict (name) do update
            set document = excluded.document,
                author = excluded.author,
                changed_at = excluded.changed_at
            """;
        return Change(
            Sql, author, "alert.maintenance.save", "alert/maintenance/" + window.Name, new() { ["cron"] = window.Cron, ["time_zone"] = window.TimeZone, ["matchers"] = string.Join(" ", window.Matchers), ["reason"] = window.Reason }, cancellationToken,
            AlertRows.Plain(window.Name), AlertRows.Json(window, WireJson.Default.MaintenanceWindow), AlertRows.Plain(author), AlertRows.Moment(clock.GetUtcNow()));
    }

    /// <summary>Removes a maintenance window; false when there is none.</summary>
    public Task<bool> Remove(string name, string author, CancellationToken cancellationToken) =>
        Change("delete from alert.maintenance where name = $1", author, "alert.maintenance.delete", "alert/maintenance/" + name, [], cancellationToken, AlertRows.Plain(name));

    private async Task<bool> Change(string sql, string author, string action, string subject, Dictionary<string, string?> detail, CancellationToken cancellationToken, params NpgsqlParameter[] parameters) =>
        await AuditedChange.Execute(source, clock, sql, author, action, subject, detail, cancellationToken, parameters);
}
