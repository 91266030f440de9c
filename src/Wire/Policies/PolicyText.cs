using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Wire.Policies;

/// <summary>Fields as a person types them, made into a document.</summary>
public static class PolicyText
{
    /// <summary>The document, with everything at once that is no field or no value of its field. Ranges are left to the catalogue.</summary>
    public static (PolicyDocument Document, ImmutableArray<PolicyMistake> Mistakes) Read(IEnumerable<(string Name, string Text)> texts)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var mistakes = ImmutableArray.CreateBuilder<PolicyMistake>();
        var whole = new JsonObject();
        foreach (var (name, text) in texts)
        {
            if (PolicyCatalogue.Find(name) is not { } field)
            {
                mistakes.Add(new(name, text, "a field of the catalogue", $"{name} is no field of a policy; see the list of fields"));
            }
            else if (Node(field, text, out var wrong) is { } node)
            {
                whole[name] = node;
            }
            else
            {
                mistakes.Add(new(name, text, Bound(field), $"{name} is '{text}'; {wrong ?? Expected(field) + " expected"}"));
            }
        }

        return (whole.Deserialize(WireJson.Default.PolicyDocument) ?? new(), mistakes.ToImmutable());
    }

    /// <summary>What a field allows, for a person.</summary>
    public static string Bound(PolicyField field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return field.IsNumber ? string.Create(CultureInfo.InvariantCulture, $"{field.Minimum} to {field.Maximum}") : field.Choices.IsEmpty ? "windows" : string.Join(", ", field.Choices);
    }

    private static string Expected(PolicyField field) => field.IsNumber ? $"a number from {Bound(field)}{(field.IsWhole ? ", whole," : "")}" : $"one of {Bound(field)}";

    private static JsonNode? Node(PolicyField field, string text, out string? wrong)
    {
        wrong = null;
        try
        {
            JsonNode? node = field.IsNumber
                ? long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? JsonValue.Create(whole)
                : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : null
                : field.Choices.IsEmpty ? JsonSerializer.SerializeToNode(PolicySchedules.Parse(text), WireJson.Default.PolicySchedules)
                : text is "true" or "false" ? JsonValue.Create(text == "true") : JsonValue.Create(text);

            // The document's own reader decides whether it is a value of the field.
            return node is not null && new JsonObject { [field.Name] = node.DeepClone() }.Deserialize(WireJson.Default.PolicyDocument) is not null ? node : null;
        }
        catch (FormatException exception)
        {
            wrong = exception.Message;
            return null;
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return null;
        }
    }
}
