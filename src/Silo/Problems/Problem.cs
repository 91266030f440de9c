using System.Text.Json.Serialization;

namespace EnergyTTT.Silo.Problems;

/// <summary>Why a request failed, as RFC 9457 says it, with a stable <see cref="Code"/> that programs may rely on.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">Stable, lower case with underscores, such as <c>not_json</c>.</param>
/// <param name="Title">What went wrong, the same for every occurrence.</param>
/// <param name="Detail">The value, the bound and the way out of this occurrence.</param>
public sealed record Problem(int Status, string Code, string Title, string? Detail = null)
{
    /// <summary>Identifies the kind of problem; our codes live in a namespace of their own.</summary>
    public string Type => "urn:energyttt:problem:" + Code;

    /// <summary>Seconds after which a retry makes sense; sent as <c>Retry-After</c>.</summary>
    [JsonIgnore]
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Where in a query the mistake is: its first character, 1-based.</summary>
    public int? Position { get; init; }

    /// <summary>How many characters of the query are at fault; 0 when something is missing there.</summary>
    public int? Length { get; init; }

    /// <summary>What could stand at that position.</summary>
    public string? Expected { get; init; }

    /// <summary>What was wrong item by item, for a batch in which nothing was good.</summary>
    public Wire.Telemetry.TelemetryReceipt? Receipt { get; init; }

    /// <summary>What was wrong field by field.</summary>
    public IReadOnlyList<ProblemItem>? Errors { get; init; }
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Field">Where, such as <c>layers[3].expert_counts</c>.</param>
/// <param name="Code">Stable, such as <c>vector_length</c>.</param>
/// <param name="Reason">The value, the bound and the way out.</param>
public sealed record ProblemItem(string Field, string Code, string Reason);
