using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Files;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Spellings;

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
        var whole = Yaml.Read(text) switch { [] => [], [JsonObject fields] => fields, _ => throw new FormatException("fields with values expected, such as 'mode: observe'.") };
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
        var text = Yaml.Write(new JsonObject { ["scope"] = version.Scope, ["version"] = version.Version, ["document"] = document });
        var head = version.Version == 0 ? "# Nothing was ever set here." : string.Create(CultureInfo.InvariantCulture, $"# By {version.Author} at {version.CreatedAt:u}: {version.Reason.ReplaceLineEndings(" ")}");
        return head + "\n" + text;
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

    private static string Nearest(string name) => Spelling.Nearest(name, PolicyCatalogue.Fields.Select(field => field.Name)) is { } near ? $"; did you mean {near}?" : "";
}
