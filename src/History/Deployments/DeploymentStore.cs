using System.Collections.Immutable;
using System.Text.Json;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Json;
using Npgsql;
using NpgsqlTypes;

namespace EnergyTTT.History.Deployments;

/// <summary>A deployment as stored.</summary>
/// <param name="Id">The compact key that its rows carry.</param>
/// <param name="Name">Its name.</param>
/// <param name="Revision">Counts the descriptions that were put.</param>
/// <param name="Description">What was put last.</param>
public sealed record StoredDeployment(int Id, string Name, long Revision, DeploymentDescription Description);

/// <summary>The deployments in <c>routing.deployment</c>.</summary>
public sealed class DeploymentStore(NpgsqlDataSource dataSource)
{
    /// <summary>Saves a description; the same one again changes nothing.</summary>
    public async Task<StoredDeployment> Save(string name, DeploymentDescription description, DateTimeOffset time, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            insert into routing.deployment as known (name, revision, description, updated_at)
            values ($1, 1, $2, $3)
            on conflict (name) do update
            set revision = known.revision + case when known.description = excluded.description then 0 else 1 end,
                description = excluded.description,
                updated_at = case when known.description = excluded.description then known.updated_at else excluded.updated_at end
            returning deployment_id, revision
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
        command.Parameters.Add(new NpgsqlParameter { Value = JsonSerializer.Serialize(description, WireJson.Default.DeploymentDescription), NpgsqlDbType = NpgsqlDbType.Jsonb });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time.ToUniversalTime() });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new StoredDeployment(reader.GetInt32(0), name, reader.GetInt64(1), description);
    }

    /// <summary>The deployment of that name, or null.</summary>
    public async Task<StoredDeployment?> Find(string name, CancellationToken cancellationToken) =>
        (await Read(name, cancellationToken)) is [var found] ? found : null;

    /// <summary>All deployments by name.</summary>
    public Task<ImmutableArray<StoredDeployment>> List(CancellationToken cancellationToken) => Read(null, cancellationToken);

    private async Task<ImmutableArray<StoredDeployment>> Read(string? name, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select deployment_id, name, revision, description
            from routing.deployment
            where $1::text is null
               or name = $1
            order by name
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)name ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = ImmutableArray.CreateBuilder<StoredDeployment>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var description = JsonSerializer.Deserialize(reader.GetString(3), WireJson.Default.DeploymentDescription)!;
            rows.Add(new StoredDeployment(reader.GetInt32(0), reader.GetString(1), reader.GetInt64(2), description));
        }

        return rows.ToImmutable();
    }
}
