using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EnergyTTT.Silo.Frames;
using EnergyTTT.Silo.Tests.Products;
using Xunit;

namespace EnergyTTT.Silo.Tests.Docs;

/// <summary>docs/api.md says what the server says. <c>ENERGYTTT_WRITE_DOCS=1</c> writes the calls anew instead of comparing them.</summary>
[Collection(ProductCollection.Name)]
public sealed partial class ApiPageTests(ProductFixture product)
{
    private const string Begin = "<!-- The calls, as /openapi/v1.json describes them; ENERGYTTT_WRITE_DOCS=1 dotnet test tests/Silo.Tests --filter ApiPage writes them anew. -->\n";
    private const string End = "<!-- End of the calls. -->\n";

    private static string Root { get; } = FindRoot();

    private static string Page => Path.Combine(Root, "docs", "api.md");

    [Fact]
    public async Task The_page_lists_every_call_with_its_parameters_bodies_and_answers()
    {
        var document = JsonNode.Parse(await product.Viewer.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)))!;
        var calls = Calls(document);
        var page = await File.ReadAllTextAsync(Page);
        var begin = page.IndexOf(Begin, StringComparison.Ordinal);
        var end = page.IndexOf(End, StringComparison.Ordinal);
        Assert.True(begin >= 0 && end > begin, "docs/api.md has lost its marks.");
        begin += Begin.Length;

        if (Environment.GetEnvironmentVariable("ENERGYTTT_WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(Page, page[..begin] + calls + page[end..]);
            return;
        }

        Assert.True(page[begin..end] == calls, "docs/api.md is not what the server describes: run ENERGYTTT_WRITE_DOCS=1 dotnet test tests/Silo.Tests --filter ApiPage and look at the difference.");
    }

    [Fact]
    public async Task The_page_explains_every_code_that_the_source_can_answer()
    {
        var page = await File.ReadAllTextAsync(Page);
        List<string> codes = [.. RefusalCodes.All];
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Root, "src", "Silo"), "*.cs", SearchOption.AllDirectories).Where(file => !file.Contains("/obj/", StringComparison.Ordinal)))
        {
            codes.AddRange(MadeProblem().Matches(await File.ReadAllTextAsync(file)).Select(match => match.Groups[1].Value));
        }

        Assert.True(codes.Count > 30);
        Assert.Equal([], codes.Distinct().Where(code => !page.Contains("`" + code, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task The_page_to_browse_needs_nothing_from_elsewhere_and_the_description_is_open()
    {
        using var nobody = product.Product.Client();

        var page = await nobody.GetStringAsync(new Uri("/docs", UriKind.Relative));
        var script = await nobody.GetStringAsync(new Uri("/docs/docs.js", UriKind.Relative));
        using var style = await nobody.GetAsync(new Uri("/docs/docs.css", UriKind.Relative));
        var document = JsonNode.Parse(await nobody.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative)))!;

        Assert.DoesNotContain("http", page.Replace("Authorization", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("://", script, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, style.StatusCode);
        Assert.Equal("bearer", (string)document["components"]!["securitySchemes"]!["key"]!["scheme"]!);
        Assert.NotNull(document["paths"]!["/v1/telemetry"]!["post"]!["security"]);
        Assert.Null(document["paths"]!["/health/live"]!["get"]!["security"]);
        Assert.All(document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()), operation => Assert.False(string.IsNullOrEmpty((string?)operation.Value!["summary"]), operation.Value!.GetPath()));
    }

    [Fact]
    public async Task The_catalogue_says_unit_and_kind_of_every_metric_of_a_series()
    {
        var catalogue = JsonNode.Parse(await product.Viewer.GetStringAsync(new Uri("/v1/metrics-catalogue", UriKind.Relative)))!.AsArray();

        Assert.Contains(catalogue, metric => (string)metric!["name"]! == "energy_kwh" && (string)metric["unit"]! == "kW.h");
        foreach (var metric in catalogue)
        {
            using var answer = await product.Viewer.GetAsync(new Uri($"/v1/series?metric={(string)metric!["name"]!}&from=now-1h", UriKind.Relative));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
    }

    private static string Calls(JsonNode document)
    {
        var text = new StringBuilder();
        var operations = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(method => (Path: path.Key, Method: method.Key.ToUpperInvariant(), Call: method.Value!)));
        foreach (var tag in operations.GroupBy(it => (string?)it.Call["tags"]?[0] ?? "Other").OrderBy(it => it.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"\n### {tag.Key}\n\n| call | does | parameters | body | answers |\n|---|---|---|---|---|\n");
            foreach (var (path, method, call) in tag.OrderBy(it => it.Path, StringComparer.Ordinal).ThenBy(it => it.Method, StringComparer.Ordinal))
            {
                var parameters = call["parameters"]?.AsArray().Select(it => (string)it!["in"]! == "query" ? (string)it["name"]! : $"{(string)it["name"]!} ({(string)it["in"]!})") ?? [];
                var body = call["requestBody"]?["content"]?.AsObject().Select(it => Name(it.Value?["schema"])).Distinct() ?? [];
                var answers = call["responses"]!.AsObject().OrderBy(it => it.Key, StringComparer.Ordinal).Select(it => Answer(it.Key, it.Value?["content"]?.AsObject()));
                text.Append(CultureInfo.InvariantCulture, $"| `{method} {path}` | {(string?)call["summary"]} | {string.Join(", ", parameters)} | {string.Join(", ", body)} | {string.Join(", ", answers)} |\n");
            }
        }

        return text.Append('\n').ToString();
    }

    private static string Answer(string status, JsonObject? content)
    {
        var names = content?.Select(it => Name(it.Value?["schema"])).Where(name => name is not ("Problem" or "")).Distinct() ?? [];
        return string.Join(' ', names.Prepend(status));
    }

    private static string Name(JsonNode? schema) => schema switch
    {
        null => "",
        _ when (string?)schema["$ref"] is { } reference => reference.Split('/')[^1],
        _ when schema["items"] is { } items => Name(items) + "[]",
        _ => "",
    };

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EnergyTTT.sln")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("The repository's root was not found.");
    }

    [GeneratedRegex("""new Problem\([0-9]+, "([a-z_]+)"|is 413 \? "([a-z_]+)" """)]
    private static partial Regex MadeProblem();
}
