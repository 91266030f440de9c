using System.Collections.Immutable;
using System.Text.Json;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using Npgsql;

namespace EnergyTTT.History.Policies;

/// <summary>The versions of one scope, newest first.</summary>
internal static class ReadPolicyVersions
{
    // language=sql
    private const string Sql =
        """
        select version, document, author, reason, created_at, approved_by
        from policy.version
        where scope = $1
          and version < $2
        order by version desc
        limit $3
        """;

    public static async Task<ImmutableArray<PolicyVersion>> Execute(NpgsqlDataSource dataSource, string scope, long before, int limit, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = scope });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = before });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var versions = ImmutableArray.CreateBuilder<PolicyVersion>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var document = JsonSerializer.Deserialize(reader.GetString(1), WireJson.Default.PolicyDocument)
                ?? throw new InvalidOperationException($"Version {reader.GetInt64(0)} of policy {scope} holds no document.");
            versions.Add(new PolicyVersion(scope, reader.GetInt64(0), document, reader.GetString(2), reader.GetString(3), reader.GetFieldValue<DateTimeOffset>(4), reader.IsDBNull(5) ? null : reader.GetString(5)));
        }

        return versions.ToImmutable();
    }
}
