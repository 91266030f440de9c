using System.Collections.Immutable;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>What the values of a field are.</summary>
public enum RunFieldKind
{
    /// <summary>Texts.</summary>
    Text,

    /// <summary>Finite numbers.</summary>
    Number,

    /// <summary>Moments.</summary>
    Moment,

    /// <summary>Each run may have a number, a text, a truth value or a moment.</summary>
    Any,
}

/// <summary>A field of runs that can be asked for, ordered by and shown.</summary>
/// <param name="Name">As it is written, such as <c>metric.saving_percent</c>.</param>
/// <param name="Kind">What its values are.</param>
/// <param name="Words">The only texts that it can have; empty where any can be.</param>
public sealed record RunField(string Name, RunFieldKind Kind, ImmutableArray<string> Words)
{
    /// <summary>The expression of a column of <c>experiment.run r</c>, from this file and never from a query; null where the value is a fact of the run.</summary>
    internal string? Column { get; init; }
}

/// <summary>The fields of runs.</summary>
public static class RunFields
{
    private static readonly ImmutableDictionary<string, RunField> Fixed = new[]
    {
        Of("run.id", RunFieldKind.Text, "r.run_id::text collate \"C\""),
        Of("run.kind", RunFieldKind.Text, "r.kind"),
        Of("run.name", RunFieldKind.Text, "r.name"),
        Of("run.state", RunFieldKind.Text, "r.state", "running", "completed", "aborted", "failed"),
        Of("run.reason", RunFieldKind.Text, "r.reason"),
        Of("run.started", RunFieldKind.Moment, "r.started"),
        Of("run.finished", RunFieldKind.Moment, "r.finished"),
        Of("run.seconds", RunFieldKind.Number, "extract(epoch from r.finished - r.started)::double precision"),
        Of("run.source", RunFieldKind.Text, "r.source", "live", "imported"),
        Of("run.recorded", RunFieldKind.Moment, "r.recorded"),
        Of("run.recorder", RunFieldKind.Text, "r.recorder"),
        Of("started", RunFieldKind.Moment, "r.started"),
        Of("origin", RunFieldKind.Text, "r.origin", "measured", "replayed", "modelled", "simulated"),
        Of("gpu.model", RunFieldKind.Text, "r.gpu_model"),
        Of("policy.version", RunFieldKind.Number, "r.policy_version::double precision"),
    }.ToImmutableDictionary(field => field.Name, StringComparer.Ordinal);

    private static readonly ImmutableArray<(string Prefix, RunFieldKind Kind)> Families =
        [("param.", RunFieldKind.Any), ("metric.", RunFieldKind.Number), ("tag.", RunFieldKind.Text), ("receipt.", RunFieldKind.Any)];

    /// <summary>What a message says of fields.</summary>
    public const string Expected = "run.*, param.*, metric.*, tag.*, receipt.*, policy.version, gpu.model, origin or started";

    /// <summary>The fields that every run has a column for, by name.</summary>
    public static ImmutableArray<RunField> Columns { get; } = [.. Fixed.Values.OrderBy(field => field.Name, StringComparer.Ordinal)];

    /// <summary>The field of a name; null when there is none.</summary>
    public static RunField? Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (Fixed.TryGetValue(name, out var known))
        {
            return known;
        }

        foreach (var (prefix, kind) in Families)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal) && name.Length > prefix.Length && name.Length - prefix.Length <= QueryLimits.NameCharacters)
            {
                return new RunField(name, kind, []);
            }
        }

        return null;
    }

    private static RunField Of(string name, RunFieldKind kind, string column, params string[] words) => new(name, kind, [.. words]) { Column = column };
}
