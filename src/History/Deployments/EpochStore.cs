using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EnergyTTT.Wire.Deployments;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Deployments;

/// <summary>What stands behind an epoch besides its steering.</summary>
/// <param name="Stage"><c>shadow</c>, <c>canary</c>, <c>promoted</c> or <c>reverted</c>.</param>
/// <param name="LearnerSteps">The learner's update count per layer.</param>
/// <param name="Evidence">JSON: what the promotion rests on.</param>
/// <param name="IssuedAt">When it was issued.</param>
public sealed record EpochBacking(string Stage, ImmutableArray<long> LearnerSteps, string Evidence, DateTimeOffset IssuedAt);

/// <summary>One layer of an epoch as stored.</summary>
public sealed record StoredEpoch(
    long Epoch, int Layer, long PolicyVersion, string Strategy, string Stage, ImmutableArray<float> Bias, ImmutableArray<float> Prices, double GuardBound, string BatchAware,
    int? GuaranteedExperts, long LearnerStep, string Evidence, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt);

/// <summary>Every epoch that was issued, in <c>routing.epoch</c>. An epoch is stored before any engine sees it.</summary>
public sealed class EpochStore(NpgsqlDataSource dataSource)
{
    /// <summary>The greatest number that was ever issued; 0 when none was.</summary>
    public async Task<long> Last(int deploymentId, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select coalesce(max(epoch), 0)
            from routing.epoch
            where deployment_id = $1
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Stores an epoch whole. False when its number was issued before, by another activation: nothing was stored then.</summary>
    public async Task<bool> Issue(int deploymentId, SteeringEpoch epoch, EpochBacking backing, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            insert into routing.epoch (
                deployment_id, epoch, layer, policy_version, strategy, stage, bias, prices, guard_bound, batch_aware, guaranteed_experts,
                learner_step, evidence, issued_at, expires_at)
            select $1, $2, layer, $3, strategy, $4, bias, prices, guard_bound, batch_aware, guaranteed_experts, learner_step, $5, $6, $7
            from unnest($8::smallint[], $9::text[], $10::bytea[], $11::bytea[], $12::real[], $13::text[], $14::smallint[], $15::bigint[])
                as given (layer, strategy, bias, prices, guard_bound, batch_aware, guaranteed_experts, learner_step)
            """;
        await using var command = dataSource.CreateCommand(Sql);
        var layers = epoch.Layers;
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = epoch.Epoch });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = epoch.PolicyVersion });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = backing.Stage });
        command.Parameters.Add(new NpgsqlParameter { Value = backing.Evidence, NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = backing.IssuedAt.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = epoch.ExpiresAt.ToUniversalTime() });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = [.. layers.Select(layer => (short)layer.Layer)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. layers.Select(layer => layer.Strategy)] });
        command.Parameters.Add(new NpgsqlParameter<byte[]?[]> { TypedValue = [.. layers.Select(layer => Pack(layer.Bias))] });
        command.Parameters.Add(new NpgsqlParameter<byte[]?[]> { TypedValue = [.. layers.Select(layer => Pack(layer.Prices))] });
        command.Parameters.Add(new NpgsqlParameter<float[]> { TypedValue = [.. layers.Select(layer => (float)layer.GuardBound)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. layers.Select(layer => layer.BatchAware)] });
        command.Parameters.Add(new NpgsqlParameter<short?[]> { TypedValue = [.. layers.Select(layer => (short?)layer.GuaranteedExperts)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. backing.LearnerSteps] });
        try
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
            return true;
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return false;
        }
    }

    /// <summary>The epochs of one layer below <paramref name="before"/>, newest first.</summary>
    public async Task<ImmutableArray<StoredEpoch>> List(int deploymentId, int layer, long before, int limit, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select epoch, policy_version, strategy, stage, bias, prices, guard_bound, batch_aware, guaranteed_experts, learner_step, evidence, issued_at, expires_at
            from routing.epoch
            where deployment_id = $1
              and layer = $2
              and epoch < $3
            order by epoch desc
            limit $4
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)layer });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<StoredEpoch>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new StoredEpoch(
                reader.GetInt64(0), layer, reader.GetInt64(1), reader.GetString(2), reader.GetString(3), Unpack(reader, 4), Unpack(reader, 5), reader.GetFloat(6),
                reader.GetString(7), reader.IsDBNull(8) ? null : reader.GetInt16(8), reader.GetInt64(9), reader.GetString(10),
                reader.GetFieldValue<DateTimeOffset>(11), reader.GetFieldValue<DateTimeOffset>(12)));
        }

        return rows.ToImmutable();
    }

    /// <summary>Notes an engine's receipt and whether its digest is ours.</summary>
    public async Task NoteApplied(int deploymentId, AppliedEpoch applied, bool matches, DateTimeOffset time, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            insert into routing.applied (deployment_id, epoch, replica, ranks_applied, bias_sha256, matches, received_at)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (deployment_id, epoch, replica) do update
            set ranks_applied = excluded.ranks_applied,
                bias_sha256 = excluded.bias_sha256,
                matches = excluded.matches,
                received_at = excluded.received_at
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = applied.Epoch });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = applied.Replica });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = applied.RanksApplied });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = applied.BiasSha256 });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = matches });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.ToUniversalTime() });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static byte[]? Pack(IReadOnlyList<float>? values) => values is null ? null : MemoryMarshal.AsBytes(values.ToArray().AsSpan()).ToArray();

    private static ImmutableArray<float> Unpack(NpgsqlDataReader reader, int column) =>
        reader.IsDBNull(column) ? [] : [.. MemoryMarshal.Cast<byte, float>(reader.GetFieldValue<byte[]>(column))];
}
