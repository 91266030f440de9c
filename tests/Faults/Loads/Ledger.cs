using System.Collections.Concurrent;
using Npgsql;

namespace EnergyTTT.Faults.Loads;

/// <summary>What was acknowledged, kept in another process than the one that acknowledged it.</summary>
internal sealed class Ledger
{
    private readonly ConcurrentDictionary<(string Gpu, long Sequence), byte> _frames = new();

    public int Count => _frames.Count;

    public void Add(string gpu, long sequence) => _frames[(gpu, sequence)] = 1;

    /// <summary>Compares with the frames of a boot in the database, frame by frame.</summary>
    public async Task<Comparison> Compare(NpgsqlDataSource source, string boot)
    {
        await using var command = source.CreateCommand(
            "select g.uuid, f.sequence, count(*) from telemetry.frame f join telemetry.gpu g using (gpu_id) join telemetry.boot b using (boot_id) where b.name = $1 group by 1, 2");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = boot });
        Dictionary<(string, long), long> stored = [];
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            stored[(reader.GetString(0), reader.GetInt64(1))] = reader.GetInt64(2);
        }

        return new Comparison(Count, stored.Count, _frames.Keys.Count(frame => !stored.ContainsKey(frame)), stored.Values.Count(count => count > 1));
    }
}

/// <summary>The ledger beside the database.</summary>
/// <param name="Acknowledged">Frames whose sender was told that they are stored.</param>
/// <param name="Stored">Frames in the database; may be more, where an acknowledgement was lost on its way.</param>
/// <param name="Missing">Acknowledged and not stored: must be 0.</param>
/// <param name="Doubled">Stored more than once: must be 0.</param>
internal sealed record Comparison(int Acknowledged, int Stored, int Missing, int Doubled);
