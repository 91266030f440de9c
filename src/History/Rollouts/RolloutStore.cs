using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using EnergyTTT.History.Audits;
using EnergyTTT.History.Moments;
using EnergyTTT.History.Proposals;
using EnergyTTT.Wire.Access;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Rollouts;

/// <summary>The rollouts in <c>policy.rollout</c>. What was answered is committed, with its entry in the audit log.</summary>
public sealed class RolloutStore(NpgsqlDataSource source, TimeProvider time)
{
    // language=sql
    private const string Columns =
        """
        select
            rollout.rollout, rollout.scope, rollout.base_version, rollout.version, version.document, rollout.state, rollout.revision, rollout.plan, rollout.author,
            rollout.reason, rollout.started_at, rollout.changed_at, rollout.changed_by, rollout.cause, version.approved_by
        from policy.rollout
        join policy.version on version.version = rollout.version
        """;

    /// <summary>Those that are not over.</summary>
    public Task<ImmutableArray<Rollout>> Open(CancellationToken cancellationToken) =>
        Read(source.CreateCommand(Columns + " where rollout.state in ('running', 'paused') order by rollout.rollout"), cancellationToken);

    /// <summary>One; null when there is none of that number.</summary>
    public async Task<Rollout?> Find(long rollout, CancellationToken cancellationToken)
    {
        var command = source.CreateCommand(Columns + " where rollout.rollout = $1");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = rollout });
        return await Read(command, cancellationToken) is [var found] ? found : null;
    }

    /// <summary>Those of a scope (null: of all), newest first.</summary>
    public Task<ImmutableArray<Rollout>> List(string? scope, long before, int limit, CancellationToken cancellationToken)
    {
        var command = source.CreateCommand(Columns + " where ($1::text is null or rollout.scope = $1) and rollout.rollout < $2 order by rollout.rollout desc limit $3");
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)scope ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        return Read(command, cancellationToken);
    }

    /// <summary>Begins one if <paramref name="expected"/> is still in force in the scope and none is open there, else answers null. With an approval also null when its proposal was decided meanwhile.</summary>
    public async Task<Rollout?> Start(string scope, long expected, RolloutPlan plan, PolicyDocument document, string author, string reason, Approval? approval, CancellationToken cancellationToken)
    {
        var now = StoredMoment.Of(time.GetUtcNow());
        // The row of the scope is where two who change it at once meet; for the first one of a scope it is made.
        // language=sql
        const string Sql =
            """
            with place as (
                insert into policy.scope as known (scope, current_version)
                values ($1, 0)
                on conflict (scope) do update set current_version = known.current_version
                returning known.current_version
            ), candidate as (
                insert into policy.version (version, scope, document, author, reason, created_at, approved_by)
                select nextval('policy.version_number'), $1, $3, $4, $5, $6, $8
                from place
                where current_version = $2
                returning version
            )
            insert into policy.rollout (scope, base_version, version, state, revision, plan, author, reason, started_at, changed_at, changed_by)
            select $1, $2, version, 'running', 1, $7, $4, $5, $6, $6, $4
            from candidate
            returning rollout, version
            """;
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await using var command = new NpgsqlCommand(Sql, connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = scope });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = expected });
            command.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(document, WireJson.Default.PolicyDocument), NpgsqlDbType = NpgsqlDbType.Jsonb });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = author });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reason });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now.ToUniversalTime() });
            command.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(plan, WireJson.Default.RolloutPlan), NpgsqlDbType = NpgsqlDbType.Jsonb });
            command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = approval?.By });
            long rollout, version;
            await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
            {
                if (!await reader.ReadAsync(cancellationToken))
                {
                    return null;
                }

                (rollout, version) = (reader.GetInt64(0), reader.GetInt64(1));
            }

            if (approval is not null && !await ProposalStore.Approve(connection, time, approval, scope, author, version, cancellationToken))
            {
                return null;
            }

            await Note(connection, author, "rollout.start", rollout, scope, version, reason, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return new Rollout
            {
                Id = rollout, Scope = scope, BaseVersion = expected, Version = version, Document = document, State = RolloutState.Running, Revision = 1, Plan = plan,
                Author = author, Reason = reason, ApprovedBy = approval?.By, StartedAt = now, ChangedAt = now, ChangedBy = author,
            };
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            // Another one is open.
            return null;
        }
    }

    /// <summary>Changes one if its revision is still the one that was seen; promoting puts its version in force in the same transaction. Null when somebody was quicker.</summary>
    public async Task<Rollout?> Change(Rollout seen, RolloutState state, RolloutPlan plan, string actor, string? cause, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(seen);
        var now = StoredMoment.Of(time.GetUtcNow());

        // language=sql
        const string ChangeSql =
            """
            update policy.rollout
            set state = $3,
                revision = revision + 1,
                plan = $4,
                changed_at = $5,
                changed_by = $6,
                cause = $7
            where rollout = $1
              and revision = $2
              and state in ('running', 'paused')
            """;

        // language=sql
        const string PromoteSql = "update policy.scope set current_version = $2 where scope = $1 and current_version = $3";
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var command = new NpgsqlCommand(ChangeSql, connection))
        {
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = seen.Id });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = seen.Revision });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = EnumWords.Of(state) });
            command.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(plan, WireJson.Default.RolloutPlan), NpgsqlDbType = NpgsqlDbType.Jsonb });
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now.ToUniversalTime() });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = actor });
            command.Parameters.Add(new NpgsqlParameter { Value = (object?)cause ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
            if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return null;
            }
        }

        if (state == RolloutState.Promoted)
        {
            await using var command = new NpgsqlCommand(PromoteSql, connection);
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = seen.Scope });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = seen.Version });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = seen.BaseVersion });
            if (await command.ExecuteNonQueryAsync(cancellationToken) == 0)
            {
                return null;
            }
        }

        if (state != seen.State || plan.Share != seen.Plan.Share)
        {
            await Note(connection, actor, "rollout." + (state == seen.State ? "share" : EnumWords.Of(state)), seen.Id, seen.Scope, seen.Version, cause, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return seen with { State = state, Plan = plan, Revision = seen.Revision + 1, ChangedAt = now, ChangedBy = actor, Cause = cause };
    }

    // A rollout that changes itself is changed by the server.
    private Task<AuditEntry> Note(NpgsqlConnection connection, string actor, string action, long rollout, string scope, long version, string? reason, CancellationToken cancellationToken) =>
        AuditLog.Append(connection, time, actor == Rollout.Guards ? Actors.Server : Actors.Of(actor), action, "policy/" + scope, new Dictionary<string, string?>
        {
            ["rollout"] = rollout.ToString(CultureInfo.InvariantCulture), ["version"] = version.ToString(CultureInfo.InvariantCulture), ["reason"] = reason,
        }, cancellationToken);

    private static async Task<ImmutableArray<Rollout>> Read(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var owned = command;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<Rollout>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new Rollout
            {
                Id = reader.GetInt64(0),
                Scope = reader.GetString(1),
                BaseVersion = reader.GetInt64(2),
                Version = reader.GetInt64(3),
                Document = JsonSerializer.Deserialize(reader.GetString(4), WireJson.Default.PolicyDocument)!, // the column is not null
                State = EnumWords.Read<RolloutState>(reader.GetString(5)),
                Revision = reader.GetInt64(6),
                Plan = JsonSerializer.Deserialize(reader.GetString(7), WireJson.Default.RolloutPlan)!, // the column is not null
                Author = reader.GetString(8),
                Reason = reader.GetString(9),
                StartedAt = reader.GetFieldValue<DateTimeOffset>(10),
                ChangedAt = reader.GetFieldValue<DateTimeOffset>(11),
                ChangedBy = reader.GetString(12),
                Cause = reader.IsDBNull(13) ? null : reader.GetString(13),
                ApprovedBy = reader.IsDBNull(14) ? null : reader.GetString(14),
            });
        }

        return rows.ToImmutable();
    }
}
