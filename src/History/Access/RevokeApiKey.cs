using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Ends a key. One that has ended already keeps its first end.</summary>
internal static class RevokeApiKey
{
    // language=sql
    private const string Sql =
        """
        update access.api_key
        set revoked = coalesce(revoked, $2),
            revoked_by = case when revoked is null then $3 else revoked_by end
        where id = $1
        """;

    /// <summary>False: no such key.</summary>
    public static async Task<bool> Execute(NpgsqlDataSource source, string id, DateTimeOffset now, string? by, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = by });
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }
}
