using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Npgsql;

namespace EnergyTTT.History.Routers;

/// <summary>The usage history of one layer as the database keeps it.</summary>
public sealed class UsageReader(NpgsqlDataSource dataSource)
{
    /// <summary>Expert counts of the newest chunks, oldest first: what a router that comes back begins with.</summary>
    public async Task<ImmutableArray<ImmutableArray<int>>> Recent(int deploymentId, int layer, int chunks, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select expert_counts
            from routing.chunk
            where deployment_id = $1
              and layer = $2
              and received_at >= now() - interval '2 days'
            order by received_at desc
            limit $3
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)layer });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = chunks });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<ImmutableArray<int>>(chunks);
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add([.. MemoryMarshal.Cast<byte, int>(reader.GetFieldValue<byte[]>(0))]);
        }

        rows.Reverse();
        return [.. rows];
    }

    /// <summary>The learner's update count that the newest epoch of a layer was issued with; 0 when none was.</summary>
    public async Task<long> LastIssuedStep(int deploymentId, int layer, CancellationToken cancellationToken)
    {
        // language=sql
        const string Sql =
            """
            select learner_step
            from routing.epoch
            where deployment_id = $1
              and layer = $2
            order by epoch desc
            limit 1
            """;
        await using var command = dataSource.CreateCommand(Sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = deploymentId });
        command.Parameters.Add(new NpgsqlParameter<short> { TypedValue = (short)layer });
        return await command.ExecuteScalarAsync(cancellationToken) as long? ?? 0;
    }
}
