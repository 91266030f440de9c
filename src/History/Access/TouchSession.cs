using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Notes that a session was used.</summary>
internal static class TouchSession
{
    // language=sql
    private const string Sql = "update access.session set seen = $2 where id = $1 and seen < $2";

    public static async Task Execute(NpgsqlDataSource source, string id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
