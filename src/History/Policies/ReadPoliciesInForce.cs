using System.Collections.Immutable;
using System.Text.Json;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Policies;

/// <summary>The version in force of every scope that has one, or of one scope.</summary>
internal static class ReadPoliciesInForce
{
    // language=sql
    private const string Sql =
        """
        select version.scope, version.version, version.document, version.author, version.reason, version.created_at, version.approved_by
        from policy.scope
        join policy.version on version.version = scope.current_version
        where $1::text is null or scope.scope = $1
        """;

    public static async Task<ImmutableArray<PolicyVersion>> Execute(NpgsqlDataSource dataSource, string? scope, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)scope ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var versions = ImmutableArray.CreateBuilder<PolicyVersion>();
        while (await reader.ReadAsync(cancellationToken))
        {
            versions.Add(new PolicyVersion(
                reader.GetString(0), reader.GetInt64(1), JsonSerializer.Deserialize(reader.GetString(2), WireJson.Default.PolicyDocument)!, // the column is not null
                reader.GetString(3), reader.GetString(4), reader.GetFieldValue<DateTimeOffset>(5), reader.IsDBNull(6) ? null : reader.GetString(6)));
        }

        return versions.ToImmutable();
    }
}
