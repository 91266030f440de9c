using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Whom a token invites.</summary>
internal static class ReadInvitation
{
    // language=sql
    private const string Sql = "select person_id from access.invitation where token_sha256 = $1 and used is null and expires > $2";

    public static async Task<Guid?> Execute(NpgsqlDataSource source, byte[] hash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        return await command.ExecuteScalarAsync(cancellationToken) as Guid?;
    }
}
