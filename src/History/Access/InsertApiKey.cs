using System.Globalization;
using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Access;
using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Stores a key, unless its owner has two live ones.</summary>
internal static class InsertApiKey
{
    // language=sql
    private const string LockSql = "select pg_advisory_xact_lock(hashtextextended('api_key:' || $1, 0))";

    // language=sql
    private const string Sql =
        """
        insert into access.api_key (id, secret_sha256, role, owner, hosts, deployments, created, created_by, expires)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9
        where (
            select count(*)
            from access.api_key
            where owner = $4
              and revoked is null
              and (expires is null or expires > $7)
        ) < 2
        """;

    /// <summary>False: the owner has two live keys.</summary>
    public static async Task<bool> Execute(NpgsqlDataSource source, ApiKeyInfo key, byte[] hash, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);

        // Two requests of one owner take turns, or each would count the other's key as not there yet.
        await using (var turn = new NpgsqlCommand(LockSql, connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = key.Owner } } })
        {
            await turn.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = key.Id },
                new NpgsqlParameter<byte[]> { TypedValue = hash },
                new NpgsqlParameter<string> { TypedValue = key.Role },
                new NpgsqlParameter<string> { TypedValue = key.Owner },
                new NpgsqlParameter<string[]> { TypedValue = [.. key.Hosts] },
                new NpgsqlParameter<string[]> { TypedValue = [.. key.Deployments] },
                new NpgsqlParameter<DateTime> { TypedValue = key.Created.UtcDateTime },
                new NpgsqlParameter<string?> { TypedValue = key.CreatedBy },
                new NpgsqlParameter<DateTime?> { TypedValue = key.Expires?.UtcDateTime },
            },
        };
        var inserted = await command.ExecuteNonQueryAsync(cancellationToken) == 1;
        if (inserted)
        {
            var detail = new Dictionary<string, string?>
            {
                ["role"] = key.Role,
                ["owner"] = key.Owner,
                ["hosts"] = string.Join(',', key.Hosts),
                ["deployments"] = string.Join(',', key.Deployments),
                ["expires"] = key.Expires?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            };
            await AuditLog.Append(connection, time, key.CreatedBy ?? Actors.Nobody, "key.create", Actors.KeyPrefix + key.Id, detail, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return inserted;
    }
}
