using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Keeps a new invitation in the place of the person's older ones.</summary>
internal static class InsertInvitation
{
    // language=sql
    private const string Sql =
        """
        with older as (
            delete from access.invitation
            where person_id = $2
        )
        insert into access.invitation (token_sha256, person_id, created_by, created, expires)
        values ($1, $2, $3, $4, $5)
        """;

    public static async Task Execute(NpgsqlDataSource source, byte[] hash, Guid person, string by, DateTimeOffset now, DateTimeOffset expires, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = person });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = expires.UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
