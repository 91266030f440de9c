using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace EnergyTTT.Cli.Files;

/// <summary>YAML and JSON (which is YAML too) as the nodes of JSON. What this writes it reads back.</summary>
internal static class Yaml
{
    /// <summary>The documents of a text.</summary>
    /// <exception cref="FormatException">It is neither, or holds what JSON cannot; the message says where.</exception>
    public static List<JsonNode?> Read(string text)
    {
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            return [.. yaml.Documents.Select(document => ToJson(document.RootNode))];
        }
        catch (YamlException exception)
        {
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"line {exception.Start.Line}, column {exception.Start.Column}: {exception.InnerException?.Message ?? exception.Message}"));
        }
    }

    /// <summary>One document.</summary>
    public static string Write(JsonNode document)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        new YamlStream(new YamlDocument(ToYaml(document))).Save(text, assignAnchors: false);
        return text.ToString().Replace("\n...\n", "\n", StringComparison.Ordinal);
    }

    // The core schema of YAML: what is plain and looks like a number or a truth is one, what stands in quotes is text.
    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value ?? "", ToJson(pair.Value)))),
        YamlSequenceNode sequence => new JsonArray([.. sequence.Children.Select(ToJson)]),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "" or "null" or "~" or null } => null,
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } scalar => JsonValue.Create(scalar.Value == "true"),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar when long.TryParse(scalar.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
        YamlScalarNode { Style: ScalarStyle.Plain } scalar when double.TryParse(scalar.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) => JsonValue.Create(number),
        YamlScalarNode scalar => JsonValue.Create(scalar.Value),
        _ => throw new FormatException("only fields, lists and plain values may stand in a file."),
    };

    private static YamlNode ToYaml(JsonNode? node) => node switch
    {
        JsonObject { Count: 0 } => new YamlMappingNode { Style = YamlDotNet.Core.Events.MappingStyle.Flow },
        JsonObject whole => new YamlMappingNode(whole.Select(pair => KeyValuePair.Create((YamlNode)new YamlScalarNode(pair.Key), ToYaml(pair.Value)))),
        JsonArray { Count: 0 } => new YamlSequenceNode { Style = YamlDotNet.Core.Events.SequenceStyle.Flow },
        JsonArray list => new YamlSequenceNode(list.Select(ToYaml)),
        JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.String => new YamlScalarNode(value.ToString()) { Style = LooksLikeNoText(value.ToString()) ? ScalarStyle.DoubleQuoted : ScalarStyle.Any },
        null => new YamlScalarNode("null"),
        var value => new YamlScalarNode(value.ToJsonString()),
    };

    private static bool LooksLikeNoText(string text) => text is "" or "~" or "null" or "true" or "false" || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
