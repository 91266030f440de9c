using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace EnergyTTT.Cli.Policies;

/// <summary>
/// A policy as code. A file holds the fields of the document, in YAML or JSON, either by themselves or beside <c>scope</c>, <c>version</c> (the one that was read) and
/// <c>reason</c> under <c>document</c>. What this writes it reads back.
/// </summary>
/// <param name="Document">What the scope is to set.</param>
/// <param name="Scope">The scope, where the file names it.</param>
/// <param name="Version">The version that it was made from, where the file names it.</param>
/// <param name="Reason">Why, where the file says so.</param>
internal sealed record PolicyFile(PolicyDocument Document, string? Scope, long? Version, string? Reason)
{
    private static readonly ImmutableArray<string> Envelope = ["scope", "version", "document", "reason", "author", "created_at"];

    /// <summary>Reads a file, or the input for <c>-</c>; null after a sentence per fault on the error output.</summary>
    public static async Task<PolicyFile?> Load(string path, CancellationToken cancellationToken)
    {
        try
        {
            return Read(path == "-" ? await Console.In.ReadToEndAsync(cancellationToken) : await File.ReadAllTextAsync(path, cancellationToken));
        }
        catch (Exception exception) when (exception is FormatException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"{path}: {exception.Message.Replace("\n", $"\n{path}: ", StringComparison.Ordinal)}");
            return null;
        }
    }

    /// <summary>Reads YAML or JSON (which is YAML too).</summary>
    /// <exception cref="FormatException">It is neither, or holds a field that does not exist or a value of the wrong kind; the message lists everything.</exception>
    public static PolicyFile Read(string text)
    {
        JsonObject whole;
        try
        {
            var yaml = new YamlStream();
            yaml.Load(new StringReader(text));
            whole = yaml.Documents.Count == 0 ? [] : ToJson(yaml.Documents[0].RootNode) as JsonObject ?? throw new FormatException("fields with values expected, such as 'mode: observe'.");
        }
        catch (YamlException exception)
        {
            throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"line {exception.Start.Line}, column {exception.Start.Column}: {exception.InnerException?.Message ?? exception.Message}"));
        }

        var document = whole;
        if (whole.ContainsKey("document"))
        {
            Refuse([.. whole.Select(pair => pair.Key).Where(name => !Envelope.Contains(name)).Select(name => $"'{name}' stands beside the document; put it into the document")]);
            document = whole["document"] as JsonObject ?? (whole["document"] is null ? [] : throw new FormatException("document holds no fields."));
        }

        Refuse([.. document.Where(pair => !IsValue(pair)).Select(pair => PolicyCatalogue.Find(pair.Key) is null ? $"'{pair.Key}' is no field of a policy{Nearest(pair.Key)}" : $"{pair.Key} is {pair.Value?.ToJsonString() ?? "empty"}; {PolicyText.Bound(PolicyCatalogue.Find(pair.Key)!)} expected")]); // found before
        return new(document.Deserialize(WireJson.Default.PolicyDocument) ?? new(), Text(whole["scope"]), document == whole ? null : (long?)whole["version"], document == whole ? null : Text(whole["reason"]));
    }

    /// <summary>A version as YAML, with a comment that says what it is.</summary>
    public static string Write(PolicyVersion version)
    {
        var document = (JsonObject)JsonSerializer.SerializeToNode(version.Document, WireJson.Default.PolicyDocument)!; // a record is an object
        var root = new YamlMappingNode { { "scope", version.Scope }, { "version", version.Version.ToString(CultureInfo.InvariantCulture) }, { "document", document.Count == 0 ? new YamlMappingNode { Style = MappingStyle.Flow } : ToYaml(document) } };
        var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        new YamlStream(new YamlDocument(root)).Save(text, assignAnchors: false);
        var head = version.Version == 0 ? "# Nothing was ever set here." : string.Create(CultureInfo.InvariantCulture, $"# By {version.Author} at {version.CreatedAt:u}: {version.Reason.ReplaceLineEndings(" ")}");
        return head + "\n" + text.ToString().Replace("\n...\n", "\n", StringComparison.Ordinal);
    }

    private static void Refuse(List<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new FormatException(string.Join("\n", problems));
        }
    }

    private static string? Text(JsonNode? node) => node?.ToString();

    private static bool IsValue(KeyValuePair<string, JsonNode?> pair)
    {
        try
        {
            return pair.Value is not null && PolicyCatalogue.Find(pair.Key) is not null && new JsonObject { [pair.Key] = pair.Value.DeepClone() }.Deserialize(WireJson.Default.PolicyDocument) is not null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string Nearest(string name) =>
        PolicyCatalogue.Fields.MinBy(field => Distance(field.Name, name)) is { } near && Distance(near.Name, name) <= 3 ? $"; did you mean {near.Name}?" : "";

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var (diagonal, above) = (row[0], 0);
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[^1];
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
        _ => throw new FormatException("only fields, lists and plain values may stand in a policy."),
    };

    private static YamlNode ToYaml(JsonNode? node) => node switch
    {
        JsonObject whole => new YamlMappingNode(whole.Select(pair => KeyValuePair.Create((YamlNode)new YamlScalarNode(pair.Key), ToYaml(pair.Value)))),
        JsonArray list => list.Count == 0 ? new YamlSequenceNode { Style = SequenceStyle.Flow } : new YamlSequenceNode(list.Select(ToYaml)),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => new YamlScalarNode(value.ToString()) { Style = LooksLikeNoText(value.ToString()) ? ScalarStyle.DoubleQuoted : ScalarStyle.Any },
        null => new YamlScalarNode("null"),
        var value => new YamlScalarNode(value.ToJsonString()),
    };

    private static bool LooksLikeNoText(string text) => text is "" or "~" or "null" or "true" or "false" || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
}
