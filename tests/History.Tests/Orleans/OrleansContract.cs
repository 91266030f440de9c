using Npgsql;

namespace EnergyTTT.History.Tests.Orleans;

/// <summary>Runs the statements of the Orleans contract as its providers do: read by name, parameters by name with '@'.</summary>
internal sealed class OrleansContract(NpgsqlDataSource source)
{
    private Dictionary<string, string>? _statements;

    public async Task<IReadOnlyDictionary<string, string>> Statements()
    {
        if (_statements is null)
        {
            // The provider's own words: unqualified, found by the search path.
            await using var command = source.CreateCommand("SELECT QueryKey, QueryText FROM OrleansQuery");
            await using var reader = await command.ExecuteReaderAsync();
            _statements = [];
            while (await reader.ReadAsync())
            {
                _statements.Add((string)reader["QueryKey"], (string)reader["QueryText"]);
            }
        }

        return _statements;
    }

    /// <summary>All rows, with columns by name regardless of case.</summary>
    public async Task<List<Dictionary<string, object?>>> Run(string key, params (string Name, object? Value)[] parameters)
    {
        await using var command = source.CreateCommand((await Statements())[key]);
        foreach (var (name, value) in parameters)
        {
            command.Parameters.Add(value switch
            {
                null when name == "GrainStateVersion" => new NpgsqlParameter(name, NpgsqlTypes.NpgsqlDbType.Integer) { Value = DBNull.Value },
                null when name == "PayloadBinary" => new NpgsqlParameter(name, NpgsqlTypes.NpgsqlDbType.Bytea) { Value = DBNull.Value },
                null => new NpgsqlParameter(name, NpgsqlTypes.NpgsqlDbType.Varchar) { Value = DBNull.Value },
                _ => new NpgsqlParameter(name, value),
            });
        }

        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<Dictionary<string, object?>>();
        while (await reader.ReadAsync())
        {
            var row = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
            for (var i = 0; i < reader.FieldCount; i++)
            {
                row.Add(reader.GetName(i), reader.IsDBNull(i) ? null : reader.GetValue(i));
            }

            rows.Add(row);
        }

        return rows;
    }

    /// <summary>First column of the only row.</summary>
    public async Task<object?> Single(string key, params (string Name, object? Value)[] parameters) =>
        Xunit.Assert.Single(await Run(key, parameters)).First().Value;
}
