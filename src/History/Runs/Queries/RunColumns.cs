using System.Collections.Immutable;

namespace EnergyTTT.History.Runs.Queries;

/// <summary>Which fields an answer shows.</summary>
public static class RunColumns
{
    /// <summary>What is shown when nothing is asked for.</summary>
    public const string Default = "run.name,run.kind,run.state,origin,started,run.seconds,gpu.model,metric.saving_percent,receipt.publishable";

    /// <summary>Reads fields with ',' between them; nothing: <see cref="Default"/>.</summary>
    /// <exception cref="RunQueryException">One of them is no field, or there are too many.</exception>
    public static ImmutableArray<RunField> Parse(string? columns)
    {
        var tokens = QueryTokens.Read(string.IsNullOrWhiteSpace(columns) ? Default : columns, DateTimeOffset.UnixEpoch);
        var fields = ImmutableArray.CreateBuilder<RunField>();
        for (var at = 0; ; at += 2)
        {
            var field = tokens[at].Kind == QueryTokenKind.Word ? RunFields.Find(tokens[at].Value) : null;
            if (field is null || fields.Count == QueryLimits.Columns)
            {
                throw tokens[at].Refuse(field is null ? $"a field: {RunFields.Expected}" : $"at most {QueryLimits.Columns} columns", field is null ? "unknown_field" : "too_many_columns");
            }

            if (!fields.Any(it => it.Name == field.Name))
            {
                fields.Add(field);
            }

            if (tokens[at + 1].Kind == QueryTokenKind.End)
            {
                return fields.ToImmutable();
            }

            if (!tokens[at + 1].IsSign(","))
            {
                throw tokens[at + 1].Refuse("',' or the end");
            }
        }
    }
}
