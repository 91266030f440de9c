using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using EnergyTTT.Cli.Servers;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Cli.Policies;

/// <summary>What the commands of policies ask a server.</summary>
internal sealed class PolicyServer(HttpClient client)
{
    /// <summary>The address of a scope.</summary>
    public static string PathOf(string scope) => "/v1/policies/" + string.Join('/', scope.Split('/').Select(Uri.EscapeDataString));

    /// <summary>Any question; null after a sentence on the error output.</summary>
    public async Task<JsonNode?> Ask(HttpMethod method, string path, CancellationToken cancellationToken, JsonNode? body = null, long? version = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        if (version is { } read)
        {
            request.Headers.IfMatch.Add(new EntityTagHeaderValue(string.Create(CultureInfo.InvariantCulture, $"\"{read}\"")));
        }

        return await ServerAnswer.Ask(client, request, cancellationToken);
    }

    /// <summary>The version in force in a scope.</summary>
    public async Task<PolicyVersion?> Current(string scope, CancellationToken cancellationToken) =>
        (await Ask(HttpMethod.Get, PathOf(scope), cancellationToken))?.Deserialize(WireJson.Default.PolicyVersion);

    /// <summary>One version of a scope; null, after a sentence, when there is none.</summary>
    public async Task<PolicyVersion?> Version(string scope, long version, CancellationToken cancellationToken)
    {
        if (version == 0)
        {
            return PolicyVersion.Unset(scope);
        }

        if (await Ask(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{PathOf(scope)}/versions?before={version + 1}&limit=1"), cancellationToken) is not { } page)
        {
            return null;
        }

        var found = page["versions"]?.AsArray().FirstOrDefault()?.Deserialize(WireJson.Default.PolicyVersion);
        if (found?.Version != version)
        {
            await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{scope} has no version {version}; see: energyttt policy history {scope}"));
            return null;
        }

        return found;
    }

    /// <summary>Puts a document; with <paramref name="dryRun"/> only asks what would change and what is wrong.</summary>
    public Task<JsonNode?> Put(string scope, PolicyDocument document, string reason, long expected, bool dryRun, CancellationToken cancellationToken) =>
        Ask(HttpMethod.Put, PathOf(scope) + (dryRun ? "?dry_run=true" : ""), cancellationToken, JsonSerializer.SerializeToNode(new PolicyChange(document, reason), WireJson.Default.PolicyChange), expected);
}
