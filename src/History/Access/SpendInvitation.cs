using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Uses an invitation up: of two who try at once, one does.</summary>
internal static class SpendInvitation
{
    // language=sql
    private const string Sql =
        """
        update access.invitation
        set used = $2
        where token_sha256 = $1
          and used is null
          and expires > $2
        returning person_id
        """;

    public static async Task<Guid?> Execute(NpgsqlDataSource source, byte[] hash, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = hash });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        return await command.ExecuteScalarAsync(cancellationToken) as Guid?;
    }
}
