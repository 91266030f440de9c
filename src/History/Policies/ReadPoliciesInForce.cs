using System.Collections.Immutable;
using System.Text.Json;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using Npgsql;

namespace EnergyTTT.History.Policies;

/// <summary>The version in force of every scope that ever had one.</summary>
internal static class ReadPoliciesInForce
{
    // language=sql
    private const string Sql =
        """
        select version.scope, version.version, version.document, version.author, version.reason, version.created_at
        from policy.scope
        join policy.version on version.version = scope.current_version
        """;

    public static async Task<ImmutableArray<PolicyVersion>> Execute(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(Sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var versions = ImmutableArray.CreateBuilder<PolicyVersion>();
        while (await reader.ReadAsync(cancellationToken))
        {
            versions.Add(new PolicyVersion(
                reader.GetString(0), reader.GetInt64(1), JsonSerializer.Deserialize(reader.GetString(2), WireJson.Default.PolicyDocument)!, // the column is not null
                reader.GetString(3), reader.GetString(4), reader.GetFieldValue<DateTimeOffset>(5)));
        }

        return versions.ToImmutable();
    }
}
