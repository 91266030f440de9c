using System.Collections.Immutable;
using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Reads all keys, newest first.</summary>
internal static class ReadApiKeys
{
    // language=sql
    private const string Sql =
        """
        select id, role, owner, hosts, deployments, created, created_by, expires, revoked, revoked_by, last_used
        from access.api_key
        order by created desc, id
        """;

    public static async Task<ImmutableArray<ApiKeyInfo>> Execute(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var keys = ImmutableArray.CreateBuilder<ApiKeyInfo>();
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add(new ApiKeyInfo(
                reader.GetString(0),
                reader.GetString(1),
                reader.GetString(2),
                [.. reader.GetFieldValue<string[]>(3)],
                [.. reader.GetFieldValue<string[]>(4)],
                reader.GetFieldValue<DateTimeOffset>(5),
                reader.IsDBNull(6) ? null : reader.GetString(6),
                reader.IsDBNull(7) ? null : reader.GetFieldValue<DateTimeOffset>(7),
                reader.IsDBNull(8) ? null : reader.GetFieldValue<DateTimeOffset>(8),
                reader.IsDBNull(9) ? null : reader.GetString(9),
                reader.IsDBNull(10) ? null : reader.GetFieldValue<DateTimeOffset>(10)));
        }

        return keys.ToImmutable();
    }
}
