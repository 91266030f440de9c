using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Notes that a key was used.</summary>
internal static class TouchApiKey
{
    // language=sql
    private const string Sql = "update access.api_key set last_used = $2 where id = $1 and (last_used is null or last_used < $2)";

    public static async Task Execute(NpgsqlDataSource source, string id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
