using System.Text.Json.Nodes;

namespace EnergyTTT.Wire.Policies;

/// <summary>The JSON schema (2020-12) of a policy's document, made from the catalogue: what an editor checks while a policy is written as code.</summary>
public static class PolicySchema
{
    /// <summary>The schema as indented JSON.</summary>
    public static string Text { get; } = Build().ToJsonString(new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }).ReplaceLineEndings("\n") + "\n";

    private static JsonObject Build() => new()
    {
        ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
        ["title"] = "A policy of EnergyTTT",
        ["description"] = "What one scope sets itself; a field that is left out is inherited from the next wider scope.",
        ["type"] = "object",
        ["additionalProperties"] = false,
        ["properties"] = new JsonObject(PolicyCatalogue.Fields.Select(field => KeyValuePair.Create(field.Name, (JsonNode?)Property(field)))),
        ["$defs"] = new JsonObject { ["window"] = Window() },
    };

    private static JsonObject Property(PolicyField field)
    {
        var unit = field.Unit is null or "1" ? "" : $" Unit: {field.Unit}.";
        var property = new JsonObject { ["description"] = $"{field.Meaning}{unit} Set for {(field.Chain switch { PolicyChain.Routing => "the fleet or a deployment", PolicyChain.Hardware => "the fleet, a site, a rack or a host", _ => "every scope" })}." };
        if (field.IsNumber)
        {
            property["type"] = field.IsWhole ? "integer" : "number";
            property["minimum"] = field.Minimum;
            property["maximum"] = field.Maximum;
            property["default"] = JsonNode.Parse(field.Default);
        }
        else if (field.Choices is ["true", "false"])
        {
            property["type"] = "boolean";
            property["default"] = JsonNode.Parse(field.Default);
        }
        else if (!field.Choices.IsEmpty)
        {
            property["enum"] = new JsonArray([.. field.Choices.Select(choice => (JsonNode)choice)]);
            property["default"] = field.Default;
        }
        else
        {
            property["type"] = "array";
            property["maxItems"] = 32;
            property["items"] = new JsonObject { ["$ref"] = "#/$defs/window" };
            property["default"] = new JsonArray();
        }

        return property;
    }

    private static JsonObject Window() => new()
    {
        ["type"] = "object",
        ["additionalProperties"] = false,
        ["required"] = new JsonArray("name", "cron", "time_zone", "duration_minutes", "set"),
        ["properties"] = new JsonObject
        {
            ["name"] = new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = 64 },
            ["cron"] = new JsonObject { ["type"] = "string", ["description"] = "When it opens: minute, hour, day of month, month, day of week." },
            ["time_zone"] = new JsonObject { ["type"] = "string", ["description"] = "Such as Europe/Amsterdam or UTC." },
            ["duration_minutes"] = new JsonObject { ["type"] = "integer", ["minimum"] = 1, ["maximum"] = 10_080 },
            ["set"] = new JsonObject { ["$ref"] = "#", ["minProperties"] = 1, ["description"] = "What counts while it is open; it holds no schedules." },
        },
    };
}
