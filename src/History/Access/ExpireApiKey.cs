using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Access;
using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Lets a key end at a time, unless it ends earlier.</summary>
internal static class ExpireApiKey
{
    // language=sql
    private const string Sql =
        """
        update access.api_key
        set expires = $2
        where id = $1
          and revoked is null
          and (expires is null or expires > $2)
        """;

    public static async Task Execute(NpgsqlDataSource source, string id, string? by, DateTimeOffset expires, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = id },
                new NpgsqlParameter<DateTime> { TypedValue = expires.UtcDateTime },
            },
        };
        if (await command.ExecuteNonQueryAsync(cancellationToken) == 1)
        {
            await AuditLog.Append(connection, time, by ?? Actors.Nobody, "key.expire", Actors.KeyPrefix + id, new Dictionary<string, string?> { ["expires"] = expires.ToString("O") }, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }
}
