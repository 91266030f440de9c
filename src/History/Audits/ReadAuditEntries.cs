using Npgsql;

namespace EnergyTTT.History.Audits;

/// <summary>Reads a page of entries.</summary>
internal static class ReadAuditEntries
{
    // language=sql
    private const string NewestSql =
        """
        select number, time, actor, action, subject, detail, previous_sha256, sha256
        from policy.audit
        where ($1 is null or number < $1)
          and ($2 is null or actor = $2 or (right($2, 1) = '*' and starts_with(actor, left($2, -1))))
          and ($3 is null or action = $3 or (right($3, 1) = '*' and starts_with(action, left($3, -1))))
          and ($4 is null or subject = $4 or (right($4, 1) = '*' and starts_with(subject, left($4, -1))))
          and ($6::timestamptz is null or time >= $6)
          and ($7::timestamptz is null or time < $7)
        order by number desc
        limit $5
        """;

    // language=sql
    private const string OldestSql =
        """
        select number, time, actor, action, subject, detail, previous_sha256, sha256
        from policy.audit
        where ($1 is null or number > $1)
          and ($2 is null or actor = $2 or (right($2, 1) = '*' and starts_with(actor, left($2, -1))))
          and ($3 is null or action = $3 or (right($3, 1) = '*' and starts_with(action, left($3, -1))))
          and ($4 is null or subject = $4 or (right($4, 1) = '*' and starts_with(subject, left($4, -1))))
          and ($6::timestamptz is null or time >= $6)
          and ($7::timestamptz is null or time < $7)
        order by number
        limit $5
        """;

    public static async Task<IReadOnlyList<AuditEntry>> Execute(
        NpgsqlDataSource source, AuditFilter filter, long? after, bool oldestFirst, int limit, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(oldestFirst ? OldestSql : NewestSql);
        command.Parameters.Add(new NpgsqlParameter<long?> { TypedValue = after });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.Actor });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.Action });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = filter.Subject });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = limit });
        command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = filter.From?.UtcDateTime });
        command.Parameters.Add(new NpgsqlParameter<DateTime?> { TypedValue = filter.To?.UtcDateTime });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<AuditEntry> entries = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            entries.Add(new AuditEntry(
                reader.GetInt64(0),
                reader.GetFieldValue<DateTimeOffset>(1),
                reader.GetString(2),
                reader.GetString(3),
                reader.GetString(4),
                reader.GetString(5),
                reader.GetFieldValue<byte[]>(6),
                reader.GetFieldValue<byte[]>(7)));
        }

        return entries;
    }
}
