using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Reads what is needed to check one key.</summary>
internal static class ReadApiKey
{
    // language=sql
    private const string Sql =
        """
        select secret_sha256, role, hosts, deployments, expires, revoked is not null
        from access.api_key
        where id = $1
        """;

    /// <summary>Null: no such key.</summary>
    public static async Task<Row?> Execute(NpgsqlDataSource source, string id, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new Row(
                reader.GetFieldValue<byte[]>(0),
                new ApiKeyGrant(id, reader.GetString(1), [.. reader.GetFieldValue<string[]>(2)], [.. reader.GetFieldValue<string[]>(3)]),
                reader.IsDBNull(4) ? null : reader.GetFieldValue<DateTimeOffset>(4),
                reader.GetBoolean(5))
            : null;
    }

    public sealed record Row(byte[] Hash, ApiKeyGrant Grant, DateTimeOffset? Expires, bool Revoked);
}
