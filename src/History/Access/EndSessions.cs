using Npgsql;

namespace EnergyTTT.History.Access;

/// <summary>Ends sessions of a person: one, all, or all but one.</summary>
internal static class EndSessions
{
    // language=sql
    private const string Sql =
        """
        update access.session
        set ended = $5,
            ended_by = $4
        where person_id = $1
          and ($2::text is null or id = $2)
          and ($3::text is null or id <> $3)
          and ended is null
        """;

    public static async Task<int> Execute(NpgsqlDataSource source, Guid person, string? only, string? except, string by, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = person });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = only });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = except });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = by });
        command.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = now.UtcDateTime });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
