using System.Collections.Immutable;
using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;
using Npgsql;

namespace EnergyTTT.History.Alerts;

/// <summary>A thing that is not normal, as it is kept.</summary>
public sealed record StoredInstance(string Rule, AlertLabels Labels, AlertState State, DateTimeOffset Since, Guid? Episode, DateTimeOffset? EpisodeSince, double? Value, string? Detail, Acknowledgement? Acknowledged);

/// <summary>What a contact point was last told of a group.</summary>
/// <param name="ContactPoint">Who.</param>
/// <param name="Group">Which group.</param>
/// <param name="Members">What goes on, as it was told.</param>
/// <param name="NotifiedAt">When.</param>
public sealed record NotifiedGroup(string ContactPoint, string Group, ImmutableArray<AlertItem> Members, DateTimeOffset NotifiedAt);

/// <summary>Everything that one look at the rules changes; written whole or not at all.</summary>
/// <param name="At">When.</param>
/// <param name="Transitions">States that changed.</param>
/// <param name="Kept">Instances to write.</param>
/// <param name="Gone">Instances that are normal again, or no longer there.</param>
/// <param name="Groups">What groups were told; one without members is forgotten.</param>
/// <param name="Messages">What is to be sent.</param>
public sealed record AlertChange(
    DateTimeOffset At, ImmutableArray<AlertTransition> Transitions, ImmutableArray<StoredInstance> Kept, ImmutableArray<(string Rule, string Instance)> Gone, ImmutableArray<NotifiedGroup> Groups, ImmutableArray<AlertMessage> Messages);

/// <summary>The states of what rules watch, in <c>alert.instance</c>, and their history in <c>alert.transition</c>.</summary>
public sealed class AlertStateStore(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>Takes the fence: whoever held it before may not write any more.</summary>
    public async Task<long> TakeOver(CancellationToken cancellationToken) =>
        (await AlertRows.Read(source, "update alert.watch set epoch = epoch + 1 returning epoch", reader => reader.GetInt64(0), cancellationToken))[0];

    /// <summary>Everything that is not normal.</summary>
    public Task<List<StoredInstance>> Instances(CancellationToken cancellationToken) => AlertRows.Read(
        source,
        """
        select rule, labels, state, since, episode, episode_since, value, detail, acknowledged_by, acknowledged_at, acknowledged_comment
        from alert.instance
        """,
        reader => new StoredInstance(
            reader.GetString(0), AlertRows.Document(reader, 1, WireJson.Default.AlertLabels), AlertRows.State(reader.GetString(2)), reader.GetFieldValue<DateTimeOffset>(3), AlertRows.Id(reader, 4), AlertRows.Moment(reader, 5),
            AlertRows.Number(reader, 6), AlertRows.Text(reader, 7), reader.IsDBNull(8) ? null : new(reader.GetString(8), reader.GetFieldValue<DateTimeOffset>(9), reader.GetString(10))),
        cancellationToken);

    /// <summary>What every group was last told.</summary>
    public Task<List<NotifiedGroup>> Groups(CancellationToken cancellationToken) => AlertRows.Read(
        source,
        "select contact_point, group_key, members, notified_at from alert.notification_group",
        reader => new NotifiedGroup(reader.GetString(0), reader.GetString(1), [.. AlertRows.Document(reader, 2, WireJson.Default.AlertItemArray)], reader.GetFieldValue<DateTimeOffset>(3)),
        cancellationToken);

    /// <summary>Writes a change if the epoch is still the newest; false: another one watches now, nothing was written.</summary>
    public async Task<bool> Write(long epoch, AlertChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var fence = new NpgsqlCommand("update alert.watch set evaluated_at = $2 where epoch = $1", connection) { Parameters = { AlertRows.Plain(epoch), AlertRows.Moment(change.At) } })
        {
            if (await fence.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }
        }

        await using var batch = new NpgsqlBatch(connection);
        foreach (var (rule, instance) in change.Gone)
        {
            Add(batch, "delete from alert.instance where rule = $1 and instance = $2", AlertRows.Plain(rule), AlertRows.Plain(instance));
        }

        foreach (var instance in change.Kept)
        {
            Keep(batch, instance);
        }

        foreach (var transition in change.Transitions)
        {
            Note(batch, transition);
        }

        foreach (var group in change.Groups)
        {
            Remember(batch, group);
        }

        foreach (var message in change.Messages)
        {
            NotificationStore.Put(batch, message);
        }

        if (batch.BatchCommands.Count > 0)
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Takes an alert on, with its entry in the audit log; false when it is not open.</summary>
    public async Task<bool> Acknowledge(string rule, string instance, Acknowledgement acknowledgement, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(acknowledgement);

        // language=sql
        const string Sql =
            """
            update alert.instance
            set acknowledged_by = $3,
                acknowledged_at = $4,
                acknowledged_comment = $5
            where rule = $1
              and instance = $2
              and (episode is not null or state = 'no_data')
            """;
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters = { AlertRows.Plain(rule), AlertRows.Plain(instance), AlertRows.Plain(acknowledgement.By), AlertRows.Moment(acknowledgement.At), AlertRows.Plain(acknowledgement.Comment) },
        })
        {
            if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return false;
            }
        }

        await AuditLog.Append(connection, clock, acknowledgement.By, "alert.acknowledge", $"alert/{rule}/{instance}", new Dictionary<string, string?> { ["comment"] = acknowledgement.Comment }, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Changes of states, newest first.</summary>
    /// <param name="rule">Only of this rule; null: of all.</param>
    /// <param name="instance">Only of this thing; null: of all.</param>
    /// <param name="before">Only those with a smaller number.</param>
    public Task<List<AlertTransition>> Transitions(string? rule, string? instance, DateTimeOffset from, DateTimeOffset to, long before, int limit, CancellationToken cancellationToken) => AlertRows.Read(
        source,
        """
        select transition_id, at, rule, rule_version, labels, severity, before, after, value, threshold, origin, detail, episode
        from alert.transition
        where ($1::text is null or rule = $1)
          and ($2::text is null or instance = $2)
          and at >= $3
          and at < $4
          and transition_id < $5
        order by transition_id desc
        limit $6
        """,
        reader => new AlertTransition(
            reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetString(2), reader.GetInt64(3), AlertRows.Document(reader, 4, WireJson.Default.AlertLabels), Enum.Parse<AlertSeverity>(reader.GetString(5), ignoreCase: true),
            AlertRows.State(reader.GetString(6)), AlertRows.State(reader.GetString(7)), AlertRows.Number(reader, 8), reader.GetDouble(9), reader.IsDBNull(10) ? null : (Origin)reader.GetInt16(10), AlertRows.Text(reader, 11), AlertRows.Id(reader, 12)),
        cancellationToken,
        AlertRows.Text(rule), AlertRows.Text(instance), AlertRows.Moment(from), AlertRows.Moment(to), AlertRows.Plain(before), AlertRows.Plain(limit));

    /// <summary>Drops what is older than it is kept.</summary>
    public async Task Forget(DateTimeOffset transitionsBefore, DateTimeOffset messagesBefore, CancellationToken cancellationToken)
    {
        await using var batch = source.CreateBatch();
        Add(batch, "delete from alert.transition where at < $1", AlertRows.Moment(transitionsBefore));
        Add(batch, "delete from alert.notification where created_at < $1 and state <> 'waiting'", AlertRows.Moment(messagesBefore));
        Add(batch, "delete from alert.silence where ends_at < $1", AlertRows.Moment(transitionsBefore));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void Keep(NpgsqlBatch batch, StoredInstance instance) => Add(
        batch,
        """
        insert into alert.instance as kept (rule, instance, labels, state, since, episode, episode_since, value, detail)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        on conflict (rule, instance) do update
        set labels = excluded.labels,
            state = excluded.state,
            since = excluded.since,
            episode = excluded.episode,
            episode_since = excluded.episode_since,
            value = excluded.value,
            detail = excluded.detail,
            acknowledged_by = case when kept.episode = excluded.episode then kept.acknowledged_by end,
            acknowledged_at = case when kept.episode = excluded.episode then kept.acknowledged_at end,
            acknowledged_comment = case when kept.episode = excluded.episode then kept.acknowledged_comment end
        """,
        AlertRows.Plain(instance.Rule), AlertRows.Plain(instance.Labels.Key), AlertRows.Json(instance.Labels, WireJson.Default.AlertLabels), AlertRows.Plain(AlertRuleView.Word(instance.State)), AlertRows.Moment(instance.Since),
        AlertRows.Id(instance.Episode), AlertRows.Moment(instance.EpisodeSince), AlertRows.Number(instance.Value), AlertRows.Text(instance.Detail));

    private static void Note(NpgsqlBatch batch, AlertTransition transition) => Add(
        batch,
        """
        insert into alert.transition (at, rule, rule_version, instance, labels, severity, before, after, value, threshold, origin, detail, episode)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        AlertRows.Moment(transition.At), AlertRows.Plain(transition.Rule), AlertRows.Plain(transition.RuleVersion), AlertRows.Plain(transition.Instance), AlertRows.Json(transition.Labels, WireJson.Default.AlertLabels),
        AlertRows.Plain(transition.Severity.ToString().ToLowerInvariant()), AlertRows.Plain(AlertRuleView.Word(transition.Before)), AlertRows.Plain(AlertRuleView.Word(transition.After)), AlertRows.Number(transition.Value),
        AlertRows.Plain(transition.Threshold), new() { Value = transition.Origin is { } origin ? (short)origin : DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Smallint }, AlertRows.Text(transition.Detail), AlertRows.Id(transition.Episode));

    private static void Remember(NpgsqlBatch batch, NotifiedGroup group)
    {
        if (group.Members.IsEmpty)
        {
            Add(batch, "delete from alert.notification_group where contact_point = $1 and group_key = $2", AlertRows.Plain(group.ContactPoint), AlertRows.Plain(group.Group));
            return;
        }

        Add(
            batch,
            """
            insert into alert.notification_group (contact_point, group_key, members, notified_at)
            values ($1, $2, $3, $4)
            on conflict (contact_point, group_key) do update
            set members = excluded.members,
                notified_at = excluded.notified_at
            """,
            AlertRows.Plain(group.ContactPoint), AlertRows.Plain(group.Group), AlertRows.Json([.. group.Members], WireJson.Default.AlertItemArray), AlertRows.Moment(group.NotifiedAt));
    }

    private static void Add(NpgsqlBatch batch, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        command.Parameters.AddRange(parameters);
        batch.BatchCommands.Add(command);
    }
}
