using Npgsql;

namespace EnergyTTT.Cli.Ingests;

/// <summary>What the database really holds of a run of the load, and in how many commits it came.</summary>
/// <param name="Rows">Rows of the run.</param>
/// <param name="Distinct">Distinct frames by GPU and sequence; the same as <paramref name="Rows"/> when nothing is doubled.</param>
/// <param name="Commits">Distinct transactions that wrote them.</param>
internal sealed record StoredFrames(long Rows, long Distinct, long Commits)
{
    // language=sql
    private const string Sql =
        """
        select
            count(*),
            count(distinct (f.gpu_id, f.sequence)),
            count(distinct f.xmin::text)
        from telemetry.frame f
        join telemetry.boot b using (boot_id)
        where b.name = $1
          and f.received >= $2
        """;

    /// <summary>Counts the rows of the run received since a moment.</summary>
    public static async Task<StoredFrames> Count(NpgsqlDataSource source, string boot, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(Sql);
        command.CommandTimeout = 300;
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = boot });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = since.ToUniversalTime() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new StoredFrames(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    /// <summary>The process id of the postmaster, where it runs on this machine; null when it cannot be known.</summary>
    public static async Task<int?> Postmaster(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        // language=sql
        const string PidSql = "select (regexp_match(pg_read_file('postmaster.pid'), '^\\d+'))[1]::int";
        try
        {
            await using var command = source.CreateCommand(PidSql);
            return await command.ExecuteScalarAsync(cancellationToken) as int?;
        }
        catch (PostgresException)
        {
            return null;
        }
    }
}
