using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Begins a session.</summary>
internal static class InsertSession
{
    // language=sql
    private const string Sql =
        """
        insert into access.session (id, person_id, method, started, seen, ends, address, agent)
        values ($1, $2, $3, $4, $4, $5, $6, $7)
        """;

    public static async Task Execute(
        NpgsqlDataSource source, string id, Guid person, string method, DateTimeOffset now, DateTimeOffset ends, string? address, string? agent, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = person });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = method });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = ends.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = address });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = agent });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
