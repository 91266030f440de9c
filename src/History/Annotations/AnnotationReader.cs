using System.Collections.Immutable;
using Npgsql;

namespace EnergyTTT.History.Annotations;

/// <summary>Something that happened, to be drawn over charts.</summary>
/// <param name="Kind">One of <see cref="AnnotationReader.Kinds"/>.</param>
/// <param name="From">When it happened, or began.</param>
/// <param name="To">When it ended; null for a moment, and for what goes on.</param>
/// <param name="Title">One line.</param>
/// <param name="Scope">What it belongs to: a scope of policies, or a thing such as <c>gpu/GPU-1</c>.</param>
/// <param name="Link">The portal's page with more.</param>
public sealed record Annotation(string Kind, DateTimeOffset From, DateTimeOffset? To, string Title, string Scope, string Link);

/// <summary>What is asked for.</summary>
/// <param name="Scope">Only what belongs to this scope of policies, or to all; null: everything.</param>
/// <param name="Gpu">Of throttling and alerts only those of this GPU and of what it stands in; null: those of the scope.</param>
/// <param name="Kinds">Only these; empty: all.</param>
public sealed record AnnotationQuery(DateTimeOffset From, DateTimeOffset To, string? Scope, string? Gpu, ImmutableArray<string> Kinds);

/// <summary>Joins what happened from where it is kept: policies, rollouts, runs, throttled minutes, alerts. One statement each, none per GPU.</summary>
public sealed class AnnotationReader(NpgsqlDataSource source)
{
    /// <summary>The most that one answer holds.</summary>
    public const int Most = 500;

    // A minute counts as throttled when heat or a power brake held the clocks for this long.
    private const double ThrottledSeconds = 3;

    // Beyond this range throttling is read by the hour, or a year of minutes would be walked.
    private static readonly TimeSpan MinutesUpTo = TimeSpan.FromDays(2);

    /// <summary>All kinds.</summary>
    public static ImmutableArray<string> Kinds { get; } = ["policy", "rollout", "run", "throttling", "alert"];

    // language=sql
    private const string PolicySql =
        """
        select version.created_at, null::timestamptz, 'Policy version ' || version.version || ' by ' || version.author || ': ' || version.reason, version.scope, '/policies?var-scope=' || version.scope
        from policy.version
        left join policy.rollout on rollout.version = version.version
        where rollout.version is null
          and version.created_at >= $1
          and version.created_at < $2
          and ($3::text is null or version.scope in ('fleet', $3))
        order by version.created_at desc
        limit $4
        """;

    // language=sql
    private const string RolloutSql =
        """
        select
            started_at, case when state in ('promoted', 'rolled_back') then changed_at end,
            'Rollout ' || rollout || ' of version ' || version || case state when 'promoted' then ', promoted' when 'rolled_back' then ', rolled back' when 'paused' then ', paused' else '' end || coalesce(': ' || cause, ''),
            scope, '/policies?var-scope=' || scope
        from policy.rollout
        where started_at < $2
          and (state in ('running', 'paused') or changed_at >= $1)
          and ($3::text is null or scope in ('fleet', $3))
        order by started_at desc
        limit $4
        """;

    // language=sql
    private const string RunSql =
        """
        select started, finished, 'Run ' || name || ' (' || kind || ', ' || state || ')', 'fleet', '/runs/' || run_id
        from experiment.run
        where started < $2
          and coalesce(finished, case when state = 'running' then $2 else started end) >= $1
          and started >= $1 - interval '7 days'
        order by started desc
        limit $4
        """;

    // language=sql
    private const string AlertSql =
        """
        with began as (
            select at, rule, instance, labels, episode, severity, value
            from alert.transition
            where after = 'alerting'
              and before <> 'recovering'
              and at >= $1 - interval '1 day'
              and at < $2
              and ($3::text is null or $3 = 'fleet' or labels ->> split_part($3, '/', 1) = split_part($3, '/', 2))
              and ($5::text is null or labels ->> 'gpu' is null or labels ->> 'gpu' = $5)
        )
        select began.at, ended.at, began.severity || ': ' || began.rule || ', ' || began.instance, began.instance, '/alerts?var-rule=' || began.rule || '&var-thing=' || began.instance
        from began
        left join lateral (
            select at
            from alert.transition
            where transition.rule = began.rule
              and transition.instance = began.instance
              and transition.at > began.at
              and transition.after = 'normal'
            order by at
            limit 1
        ) as ended on true
        where coalesce(ended.at, $2) >= $1
        order by began.at desc
        limit $4
        """;

    // Minutes that follow each other are one stretch; of a host, so that a rack of slowed GPUs is not a wall of lines.
    // language=sql
    private const string ThrottlingSql =
        """
        with held as (
            select distinct host.name as host, case when $7 then slow.hour else quick.minute end as time
            from telemetry.gpu
            join telemetry.host on host.host_id = gpu.host_id
            left join telemetry.frame_1m as quick on not $7 and quick.gpu_id = gpu.gpu_id and quick.minute >= $1 and quick.minute < $2
                and coalesce(quick.throttle_sw_thermal_seconds_sum, 0) + coalesce(quick.throttle_hw_thermal_seconds_sum, 0) + coalesce(quick.throttle_power_brake_seconds_sum, 0) >= $6
            left join telemetry.frame_1h as slow on $7 and slow.gpu_id = gpu.gpu_id and slow.hour >= $1 and slow.hour < $2
                and coalesce(slow.throttle_sw_thermal_seconds_sum, 0) + coalesce(slow.throttle_hw_thermal_seconds_sum, 0) + coalesce(slow.throttle_power_brake_seconds_sum, 0) >= $6
            where ($5::text is null or gpu.uuid = $5)
              and ($3::text is null or $3 = 'fleet' or $3 = 'host/' || host.name or $3 = 'rack/' || host.rack or $3 = 'site/' || host.site)
        ), stretch as (
            select
                host, time,
                time - row_number() over (partition by host order by time) * case when $7 then interval '1 hour' else interval '1 minute' end as island
            from held
            where time is not null
        )
        select min(time), max(time) + case when $7 then interval '1 hour' else interval '1 minute' end, 'Throttled by heat or power brake: ' || host, 'host/' || host, '/gpus?var-host=' || host
        from stretch
        group by host, island
        order by min(time) desc
        limit $4
        """;

    /// <summary>What happened, oldest first; one more than <see cref="Most"/> when there was more.</summary>
    public async Task<List<Annotation>> Read(AnnotationQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        var found = new List<Annotation>();
        foreach (var (kind, sql) in new[] { ("policy", PolicySql), ("rollout", RolloutSql), ("run", RunSql), ("throttling", ThrottlingSql), ("alert", AlertSql) })
        {
            if (query.Kinds.IsEmpty || query.Kinds.Contains(kind))
            {
                await Read(kind, sql, query, found, cancellationToken);
            }
        }

        return [.. found.OrderByDescending(annotation => annotation.From).Take(Most + 1).OrderBy(annotation => annotation.From)];
    }

    private async Task Read(string kind, string sql, AnnotationQuery query, List<Annotation> found, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = query.From.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = query.To.ToUniversalTime() });
        command.Parameters.Add(Text(query.Scope));
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Most + 1 });
        if (kind is "alert" or "throttling")
        {
            command.Parameters.Add(Text(query.Gpu));
        }

        if (kind == "throttling")
        {
            var byHour = query.To - query.From > MinutesUpTo;
            command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = byHour ? ThrottledSeconds * 10 : ThrottledSeconds });
            command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = byHour });
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add(new(kind, reader.GetFieldValue<DateTimeOffset>(0), reader.IsDBNull(1) ? null : reader.GetFieldValue<DateTimeOffset>(1), reader.GetString(2), reader.GetString(3), reader.GetString(4)));
        }
    }

    private static NpgsqlParameter Text(string? text) => new() { Value = (object?)text ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text };
}
