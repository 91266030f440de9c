using System.Collections.Immutable;
using Npgsql;

namespace EnergyTTT.History.Rollouts;

/// <summary>A version of a policy of routing that took effect everywhere in its scope.</summary>
/// <param name="Version">Its number.</param>
/// <param name="Scope">The scope.</param>
/// <param name="At">When it took effect.</param>
/// <param name="Until">When the next one of the scope did; null while it is in force.</param>
/// <param name="Before">The version before it; 0 for none.</param>
/// <param name="BeforeAt">When that one took effect; null for none.</param>
/// <param name="Author">Who saved or tried it.</param>
/// <param name="Reason">Why.</param>
public sealed record VersionInEffect(long Version, string Scope, DateTimeOffset At, DateTimeOffset? Until, long Before, DateTimeOffset? BeforeAt, string Author, string Reason);

/// <summary>What a deployment did in one minute, within one phase and band of batch sizes, outside its hold-out.</summary>
/// <param name="Minute">Begin of the minute.</param>
/// <param name="Deployment">The deployment.</param>
/// <param name="Phase">Decode or prefill, as its number in the history.</param>
/// <param name="Band">Floor of the binary logarithm of the batch's tokens.</param>
/// <param name="Tokens">Tokens completed.</param>
/// <param name="MeasuredJoules">Joules by the engine's counters; null when any chunk lacks them.</param>
/// <param name="ModelledJoules">Joules by the cost table; null when any layer lacks them.</param>
/// <param name="RetainedMass">Mean retained mass; null when not reported.</param>
/// <param name="DistinctExperts">Mean distinct experts; null when not reported.</param>
public sealed record MinuteOfBand(
    DateTimeOffset Minute, string Deployment, int Phase, int Band, long Tokens, double? MeasuredJoules, double? ModelledJoules, double? RetainedMass, double? DistinctExperts);

/// <summary>What versions of policies did, from the usage history.</summary>
public sealed class EffectReader(NpgsqlDataSource source)
{
    // language=sql
    private const string VersionsSql =
        """
        with effect as (
            select
                version.version, version.scope, coalesce(rollout.changed_at, version.created_at) as at, version.author, version.reason
            from policy.version
            left join policy.rollout on rollout.version = version.version
            where (rollout.version is null or rollout.state = 'promoted')
              and (version.scope = 'fleet' or version.scope like 'deployment/%')
        ), ordered as (
            select
                effect.*,
                lead(at) over scope as until, lag(version) over scope as before, lag(at) over scope as before_at
            from effect
            window scope as (partition by scope order by at, version)
        )
        select version, scope, at, until, coalesce(before, 0), before_at, author, reason
        from ordered
        where at >= $1
        order by at
        """;

    // language=sql
    private const string MinutesSql =
        """
        with part as (
            select
                date_trunc('minute', max(received_at)) as minute, deployment_id, phase, floor(log(2, max(batch_tokens)::numeric))::integer as band,
                max(tokens) as tokens, max(energy_joules) as measured,
                case when count(modelled_joules) = count(*) then sum(modelled_joules) end as modelled,
                avg(retained_mass_mean) as mass, avg(distinct_experts_mean) as distinct_experts
            from routing.chunk
            where received_at >= $1
              and received_at < $2
              and arm = 0
              and deployment_id = any(select deployment_id from routing.deployment where $3::text is null or name = $3)
            group by deployment_id, replica, chunk, phase
        )
        select
            part.minute, deployment.name, part.phase::integer, part.band, sum(part.tokens)::bigint,
            case when count(part.measured) = count(*) then sum(part.measured) end,
            case when count(part.modelled) = count(*) then sum(part.modelled) end,
            avg(part.mass)::double precision, avg(part.distinct_experts)::double precision
        from part
        join routing.deployment on deployment.deployment_id = part.deployment_id
        group by part.minute, deployment.name, part.phase, part.band
        order by part.minute, deployment.name, part.phase, part.band
        """;

    /// <summary>Versions that took effect since a moment, oldest first.</summary>
    public async Task<ImmutableArray<VersionInEffect>> Versions(DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(VersionsSql);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = since.ToUniversalTime() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<VersionInEffect>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new(reader.GetInt64(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2), Moment(reader, 3), reader.GetInt64(4), Moment(reader, 5), reader.GetString(6), reader.GetString(7)));
        }

        return rows.ToImmutable();
    }

    /// <summary>Minutes of one deployment, or of all (null).</summary>
    public async Task<ImmutableArray<MinuteOfBand>> Minutes(string? deployment, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(MinutesSql);
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = from.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = to.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)deployment ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<MinuteOfBand>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new(reader.GetFieldValue<DateTimeOffset>(0), reader.GetString(1), reader.GetInt32(2), reader.GetInt32(3), reader.GetInt64(4), Number(reader, 5), Number(reader, 6), Number(reader, 7), Number(reader, 8)));
        }

        return rows.ToImmutable();
    }

    private static double? Number(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetDouble(column);

    private static DateTimeOffset? Moment(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetFieldValue<DateTimeOffset>(column);
}
