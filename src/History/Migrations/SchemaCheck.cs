using System.Collections.Immutable;
using Npgsql;

namespace EnergyTTT.History.Migrations;

/// <summary>Compares the steps that a database has with those of this program, without changing anything.</summary>
public static class SchemaCheck
{
    // language=sql
    private const string ThereSql = "select to_regclass('public.migration') is not null";

    // language=sql
    private const string Sql =
        """
        select number, name, checksum
        from public.migration
        order by number
        """;

    /// <summary>What does not agree, one sentence each; steps that this program would apply at its next start are not among it.</summary>
    public static async Task<SchemaState> Read(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using (var there = new NpgsqlCommand(ThereSql, connection))
        {
            if (await there.ExecuteScalarAsync(cancellationToken) is not true)
            {
                return new SchemaState(0, Migration.BuiltIn.Length, []);
            }
        }

        var known = Migration.BuiltIn.ToDictionary(step => step.Number);
        var wrong = ImmutableArray.CreateBuilder<string>();
        var applied = 0;
        var newest = 0;
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            applied++;
            newest = reader.GetInt32(0);
            if (!known.TryGetValue(newest, out var step))
            {
                wrong.Add($"the database has step {newest:0000}_{reader.GetString(1)}.sql, which this program does not know");
            }
            else if (step.Checksum != reader.GetString(2))
            {
                wrong.Add($"step {step.File} is another one than the database applied");
            }
        }

        return new SchemaState(newest, Migration.BuiltIn.Length - applied + wrong.Count, wrong.ToImmutable());
    }
}

/// <summary>How the schema of a database stands to this program.</summary>
/// <param name="Newest">The newest step that the database has; 0: none.</param>
/// <param name="Missing">Steps that this program would apply at its next start.</param>
/// <param name="Wrong">What keeps this program from starting on the database.</param>
public sealed record SchemaState(int Newest, int Missing, ImmutableArray<string> Wrong);
