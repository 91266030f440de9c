using System.Text.Json.Serialization;

namespace EnergyTTT.Silo.Status;

/// <summary>What <c>GET /v1/status</c> and <c>energyttt status</c> show.</summary>
public sealed record ServerStatus
{
    public required string Version { get; init; }
    public required DateTimeOffset Time { get; init; }
    public required DateTimeOffset Started { get; init; }

    /// <summary>The answering process, for tools on the same machine.</summary>
    public required int ProcessId { get; init; }
    public required long MemoryBytes { get; init; }
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>Whether this process plays the replay demo.</summary>
    public required bool Demo { get; init; }

    /// <summary>Silos of the cluster that are active.</summary>
    public required int Silos { get; init; }
    public required int Hosts { get; init; }
    public required int Gpus { get; init; }

    /// <summary>GPUs with a frame within the last 10 s.</summary>
    public required int GpusLive { get; init; }

    /// <summary>Frames that this process accepted per second over the last 10 s.</summary>
    public required double FramesPerSecond { get; init; }
    public required DatabaseStatus Database { get; init; }
}

/// <summary>The database behind the server.</summary>
/// <param name="Embedded">Whether it is the private server that the product runs itself.</param>
/// <param name="Version">PostgreSQL's own version; null when it does not answer.</param>
/// <param name="Bytes">Size of the database; null when it does not answer.</param>
/// <param name="Settings">The settings on which durability rests, as PostgreSQL shows them.</param>
public sealed record DatabaseStatus(bool Embedded, string? Version, long? Bytes, IReadOnlyDictionary<string, string> Settings);

/// <summary>Source-generated JSON of the status.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ServerStatus))]
internal sealed partial class StatusJson : JsonSerializerContext;
