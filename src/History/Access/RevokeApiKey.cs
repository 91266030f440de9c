using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Access;
using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Ends a key. One that has ended already keeps its first end.</summary>
internal static class RevokeApiKey
{
    // language=sql
    private const string Sql =
        """
        update access.api_key
        set revoked = $2,
            revoked_by = $3
        where id = $1
          and revoked is null
        """;

    // language=sql
    private const string KnownSql = "select exists (select from access.api_key where id = $1)";

    /// <summary>False: no such key.</summary>
    public static async Task<bool> Execute(NpgsqlDataSource source, string id, string? by, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = id },
                new NpgsqlParameter<DateTime> { TypedValue = time.GetUtcNow().UtcDateTime },
                new NpgsqlParameter<string?> { TypedValue = by },
            },
        };
        if (await command.ExecuteNonQueryAsync(cancellationToken) == 1)
        {
            await AuditLog.Append(connection, time, by ?? Actors.Nobody, "key.revoke", Actors.KeyPrefix + id, null, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return true;
        }

        await using var known = new NpgsqlCommand(KnownSql, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = id } } };
        return await known.ExecuteScalarAsync(cancellationToken) is true;
    }
}
