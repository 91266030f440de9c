using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.History.Access;
using EnergyTTT.Silo.Tests.Commands;
using EnergyTTT.Silo.Tests.Walks;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EnergyTTT.Silo.Tests.Proposals;

/// <summary>Four eyes over HTTP and by the command line, as people with personal keys do it.</summary>
[Collection(AccessCollection.Name)]
public sealed class ProposalApiTests(AccessHost host) : IAsyncLifetime
{
    private const string Scope = "deployment/foureyes";
    private string _olga = "";
    private string _ada = "";
    private string _machine = "";
    private readonly List<string> _keys = [];

    public async Task InitializeAsync()
    {
        (_olga, _ada, _machine) = (await Key("person/olga"), await Key("person/ada"), await Key(null));
        using var answer = await Put(_ada, """{"document":{"approval":"required"},"reason":"two people from now on"}""", 0);
        Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.PreconditionFailed });
    }

    public async Task DisposeAsync()
    {
        foreach (var id in _keys)
        {
            await host.Services.GetRequiredService<ApiKeys>().Revoke(id, "person/ada", CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_change_waits_and_is_approved_by_somebody_else_over_http()
    {
        var version = await Version();
        using var waits = await Put(_olga, """{"document":{"approval":"required","hold_out_share":0.2},"reason":"more proof"}""", version);
        var proposal = JsonNode.Parse(await waits.Content.ReadAsStringAsync())!;
        var path = $"/v1/policies/{Scope}/proposals/{proposal["id"]}";
        Assert.Equal((HttpStatusCode.Accepted, path), (waits.StatusCode, waits.Headers.Location?.ToString()));
        Assert.Equal(("olga", "pending", version), ((string)proposal["author"]!, (string)proposal["state"]!, (long)proposal["base_version"]!));
        Assert.Equal(version, await Version());

        Assert.Equal((HttpStatusCode.Forbidden, "second_person_needed"), await Code(await Post(_olga, path + "/approve")));
        Assert.Equal((HttpStatusCode.Forbidden, "second_person_needed"), await Code(await Post(_machine, path + "/approve")));
        Assert.Equal((HttpStatusCode.Forbidden, "second_person_needed"), await Code(await Post(_ada, path + "/withdraw")));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "policy_mistakes"), await Code(await Post(_ada, path + "/reject")));
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "policy_mistakes"), await Code(await Put(_machine, """{"document":{},"reason":"by a script"}""", version)));
        Assert.Equal((HttpStatusCode.NotFound, "proposal_unknown"), await Code(await Post(_ada, $"/v1/policies/fleet/proposals/{proposal["id"]}/approve")));

        using var approved = await Post(_ada, path + "/approve", """{"reason":"looks right"}""");
        Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
        using var client = Client(_olga);
        var inForce = JsonNode.Parse(await client.GetStringAsync(new Uri($"/v1/policies/{Scope}", UriKind.Relative)))!;
        Assert.Equal(("olga", "ada", 0.2), ((string)inForce["author"]!, (string)inForce["approved_by"]!, (double)inForce["document"]!["hold_out_share"]!));
        Assert.Equal((HttpStatusCode.Conflict, "proposal_over"), await Code(await Post(_ada, path + "/reject", """{"reason":"too late"}""")));
    }

    [Fact]
    public async Task A_proposal_that_was_overtaken_says_so()
    {
        var version = await Version();
        var first = await Proposed("""{"document":{"approval":"required","hold_out_share":0.11},"reason":"one"}""", version);
        var second = await Proposed("""{"document":{"approval":"required","hold_out_share":0.12},"reason":"two"}""", version);

        (await Post(_ada, $"{first}/approve")).Dispose();

        Assert.Equal((HttpStatusCode.Conflict, "proposal_overtaken"), await Code(await Post(_ada, $"{second}/approve")));
        Assert.Equal(HttpStatusCode.OK, (await Post(_olga, $"{second}/withdraw")).StatusCode);
    }

    [Fact]
    public async Task The_command_line_proposes_lists_shows_approves_rejects_and_withdraws()
    {
        var set = await Run(_olga, "set", "hold_out_share=0.3", "--scope", Scope, "--reason", "by the command line");
        Assert.Equal((0, ""), (set.Code, set.Error));
        Assert.Matches(@"^Proposal (\d+) waits until .* energyttt policy approve \1", set.Output);
        var id = System.Text.RegularExpressions.Regex.Match(set.Output, @"\d+").Value;
        Assert.Contains($"\"id\":{id},", (await Run(_ada, "proposals", "--json")).Output, StringComparison.Ordinal);
        Assert.Contains("0.3", (await Run(_ada, "proposal", id)).Output, StringComparison.Ordinal);
        Assert.Equal(1, (await Run(_olga, "approve", id)).Code);

        var approved = await Run(_ada, "approve", id, "--reason", "fine");

        Assert.Equal((0, ""), (approved.Code, approved.Error));
        Assert.Matches($@"^Proposal {id} is approved: version \d+ of {Scope} is in force\.", approved.Output);
        Assert.Contains("hold_out_share: 0.3", (await Run(_olga, "get", Scope)).Output, StringComparison.Ordinal);
        Assert.Contains("\"approved_by\":\"ada\"", (await Run(_olga, "history", Scope, "--json")).Output, StringComparison.Ordinal);
        var next = System.Text.RegularExpressions.Regex.Match((await Run(_olga, "set", "hold_out_share=0.4", "--scope", Scope, "--reason", "more")).Output, @"\d+").Value;
        Assert.Equal(2, (await Run(_ada, "reject", next)).Code); // a reason is wanted
        Assert.Contains("is rejected", (await Run(_ada, "reject", next, "-r", "enough")).Output, StringComparison.Ordinal);
        var last = System.Text.RegularExpressions.Regex.Match((await Run(_olga, "set", "hold_out_share=0.4", "--scope", Scope, "--reason", "again")).Output, @"\d+").Value;
        Assert.Contains("is withdrawn", (await Run(_olga, "withdraw", last)).Output, StringComparison.Ordinal);
        Assert.Contains("rejected", (await Run(_ada, "proposals", "--all", "--scope", Scope)).Output, StringComparison.Ordinal);
        Assert.Equal(1, (await Run(_ada, "approve", "999999")).Code);
    }

    private async Task<string> Key(string? owner)
    {
        var (info, secret) = await host.Services.GetRequiredService<ApiKeys>().Create(new ApiKeyRequest("operator", owner), CancellationToken.None);
        _keys.Add(info.Id);
        return secret.Text;
    }

    private HttpClient Client(string key)
    {
        var client = host.Client();
        client.DefaultRequestHeaders.Authorization = new("Bearer", key);
        return client;
    }

    private async Task<long> Version()
    {
        using var client = Client(_olga);
        return (long)JsonNode.Parse(await client.GetStringAsync(new Uri($"/v1/policies/{Scope}", UriKind.Relative)))!["version"]!;
    }

    private async Task<string> Proposed(string body, long version)
    {
        using var answer = await Put(_olga, body, version);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        return answer.Headers.Location!.ToString(); // what is accepted says where it is
    }

    private async Task<HttpResponseMessage> Put(string key, string body, long version)
    {
        using var client = Client(key);
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/v1/policies/{Scope}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("If-Match", $"\"{version}\"");
        return await client.SendAsync(request);
    }

    private async Task<HttpResponseMessage> Post(string key, string path, string? body = null)
    {
        using var client = Client(key);
        return await client.PostAsync(new Uri(path, UriKind.Relative), body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"));
    }

    private static async Task<(HttpStatusCode, string)> Code(HttpResponseMessage answer)
    {
        using (answer)
        {
            return (answer.StatusCode, (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())?["code"] ?? "");
        }
    }

    private Task<(int Code, string Output, string Error)> Run(string key, params string[] arguments) => CommandTests.Run(null, ["policy", .. arguments, "--server", host.Server.AbsoluteUri, "--key", key]);
}
