using System.Collections.Frozen;
using Npgsql;

namespace EnergyTTT.History.Runs;

/// <summary>The short numbers of the names by which runs are searched. Names are only ever added, so a name that is known stays right; one that is not known is looked up again.</summary>
internal sealed class RunFieldNumbers(NpgsqlDataSource source)
{
    // language=sql
    private const string ReadSql = "select name, field_id from experiment.field";

    // language=sql
    private const string AddSql =
        """
        insert into experiment.field (name)
        select wanted.name
        from unnest($1) as wanted (name)
        where not exists (select from experiment.field known where known.name = wanted.name)
        on conflict (name) do nothing
        """;

    private FrozenDictionary<string, int> _known = FrozenDictionary<string, int>.Empty;

    /// <summary>The numbers of at least those of the names that any run ever had.</summary>
    public async Task<FrozenDictionary<string, int>> Of(IEnumerable<string> names, CancellationToken cancellationToken) =>
        names.All(_known.ContainsKey) ? _known : await Read(cancellationToken);

    /// <summary>The numbers of these names, new ones where they are new. Outside of any transaction, so that no number is known that is then taken back.</summary>
    public async Task<FrozenDictionary<string, int>> Add(IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        if (!names.All(_known.ContainsKey))
        {
            await using var command = source.CreateCommand(AddSql);
            command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. names] });
            await command.ExecuteNonQueryAsync(cancellationToken);
            await Read(cancellationToken);
        }

        return _known;
    }

    private async Task<FrozenDictionary<string, int>> Read(CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(ReadSql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var read = new Dictionary<string, int>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
        {
            read[reader.GetString(0)] = reader.GetInt32(1);
        }

        return _known = read.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
