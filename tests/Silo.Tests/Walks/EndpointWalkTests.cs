using System.Net;
using System.Text;
using EnergyTTT.Wire.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Xunit.Abstractions;

namespace EnergyTTT.Silo.Tests.Walks;

/// <summary>ASVS 8.2.1, 8.3.1: every endpoint that the server has is in an explicit table, and lets in whom the table says and nobody else, by key and by cookie.</summary>
[Collection(AccessCollection.Name)]
public sealed class EndpointWalkTests(AccessHost host, ITestOutputHelper output)
{
    private static readonly (char Letter, string Key, string? Person)[] Callers =
        [('n', "none", null), ('v', "viewer", "vera"), ('o', "operator", "olga"), ('b', "bound", "bob"), ('a', "administrator", "ada"), ('g', "agent", null), ('e', "engine", null)];

    [Fact]
    public void Every_endpoint_of_the_server_is_in_the_table_and_every_row_is_an_endpoint()
    {
        var known = EndpointTable.Rows.Keys.Concat(EndpointTable.Pages.Keys.SelectMany(page => new[] { "GET " + page, "POST " + page }))
            .Concat(["POST /account/passkeys/options", "POST /sign-in/passkey/options", "GET /sign-in/openid", "GET /sign-in/openid/done"]).ToHashSet();
        var found = Found().ToHashSet();

        Assert.True(found.Count > 70, "the server's endpoints were not found");
        Assert.Equal("", string.Join("\n", found.Except(known).Order()));
        Assert.Equal("", string.Join("\n", known.Except(found).Order()));
    }

    [Fact]
    public async Task V8_2_1_V8_3_1_A_key_is_let_in_where_the_table_says_and_nowhere_else()
    {
        List<string> wrong = [];
        foreach (var (letter, key, _) in Callers.OrderBy(caller => caller.Letter == 'a' ? 0 : 1))
        {
            var client = await host.Key(key);
            foreach (var (name, row) in EndpointTable.Rows)
            {
                using var request = Request(name, row.Address, row.Body);
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                Compare(wrong, $"{name} by a key of {key}", row.Who.Contains(letter), answer);
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public async Task A_person_by_cookie_is_let_in_where_the_table_says_and_machines_calls_are_for_keys()
    {
        List<string> wrong = [];
        foreach (var (letter, _, person) in Callers.Where(caller => caller.Person is not null).OrderBy(caller => caller.Letter == 'a' ? 0 : 1))
        {
            using var door = await host.SignedIn(person!); // chosen for having one
            foreach (var (name, row) in EndpointTable.Rows)
            {
                using var request = Request(name, row.Address, row.Body);
                request.Headers.Add("Origin", host.Server.AbsoluteUri.TrimEnd('/'));
                using var answer = await door.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                var isForKeys = row.Who is "ag" or "ae";

                // A key that is bound to one deployment does not see another; a person who is bound as an operator looks at everything.
                var looks = letter == 'b' && name == "GET /v1/deployments/{id}";
                Compare(wrong, $"{name} by the cookie of {person}", looks || (row.Who.Contains(letter) && !isForKeys), answer);
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public async Task A_page_opens_for_whom_the_table_says_and_leads_others_away()
    {
        List<string> wrong = [];
        foreach (var (letter, _, person) in Callers.Where(caller => caller.Person is not null || caller.Letter == 'n'))
        {
            using var door = person is null ? new Door(host) : await host.SignedIn(person);
            foreach (var (name, row) in EndpointTable.Pages)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, row.Address);
                request.Headers.Add("Accept", "text/html");
                using var answer = await door.Client.SendAsync(request);
                var isOpen = answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound
                    || (answer.StatusCode == HttpStatusCode.Redirect && answer.Headers.Location?.ToString() is { } to && !to.Contains("return=", StringComparison.Ordinal) && !to.Contains("no-entry", StringComparison.Ordinal));
                if (isOpen != row.Who.Contains(letter))
                {
                    wrong.Add($"{name} for {person ?? "nobody"}: {(int)answer.StatusCode} {answer.Headers.Location}");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public async Task A_changing_call_with_a_cookie_but_from_another_site_changes_nothing()
    {
        using var door = await host.SignedIn("ada");
        foreach (var (name, row) in EndpointTable.Rows.Where(row => !row.Key.StartsWith("GET ", StringComparison.Ordinal)))
        {
            foreach (var origin in new[] { null, "https://evil.example", "null" })
            {
                using var request = Request(name, row.Address, row.Body);
                if (origin is not null)
                {
                    request.Headers.Add("Origin", origin);
                }

                using var answer = await door.Client.SendAsync(request);
                Assert.True(answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized, $"{name} from {origin ?? "nowhere"}: {(int)answer.StatusCode}");
            }
        }
    }

    [Fact]
    public async Task An_unknown_address_is_a_page_inside_the_layout_for_people_and_a_problem_for_machines()
    {
        using var door = await host.SignedIn("vera");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/no/such/page");
        request.Headers.Add("Accept", "text/html");

        using var page = await door.Client.SendAsync(request);
        using var machine = await (await host.Key("viewer")).GetAsync(new Uri("/v1/nothing", UriKind.Relative));

        var text = await page.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
        Assert.Contains("There is no such page", text, StringComparison.Ordinal);
        Assert.Contains("nav-overview", text, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.NotFound, "application/problem+json"), (machine.StatusCode, machine.Content.Headers.ContentType?.MediaType));
    }

    private static HttpRequestMessage Request(string name, string address, string? body)
    {
        var request = new HttpRequestMessage(new HttpMethod(name[..name.IndexOf(' ', StringComparison.Ordinal)]), address);
        if (request.Method != HttpMethod.Get)
        {
            request.Content = new StringContent(body ?? "", Encoding.UTF8, address == "/v1/runs/import" ? RunBundleFile.MediaType : "application/json");
        }

        if (address.StartsWith("/v1/policies/", StringComparison.Ordinal) && (request.Method == HttpMethod.Put || (request.Method == HttpMethod.Post && address.EndsWith("/rollouts", StringComparison.Ordinal))))
        {
            request.Headers.TryAddWithoutValidation("If-Match", "\"0\"");
        }

        return request;
    }

    private void Compare(List<string> wrong, string what, bool isAllowed, HttpResponseMessage answer)
    {
        var status = (int)answer.StatusCode;
        output.WriteLine($"{what}: {status}");
        var isLetIn = status is not (401 or 403) && !(status == 302 && answer.Headers.Location?.ToString() is { } to && (to.Contains("/sign-in", StringComparison.Ordinal) || to.Contains("no-entry", StringComparison.Ordinal)));
        if (isLetIn != isAllowed || status is >= 500 and not 503)
        {
            wrong.Add($"{what}: {status}, {(isAllowed ? "should be let in" : "should be refused")}{(status >= 500 ? host.Logged.LastOrDefault(line => line.StartsWith("Error", StringComparison.Ordinal)) : "")}");
        }
    }

    private IEnumerable<string> Found() => host.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
        .Where(endpoint => !EndpointTable.IsFramework("/" + endpoint.RoutePattern.RawText?.TrimStart('/')))
        .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["ANY"]).Where(method => method is not ("HEAD" or "OPTIONS"))
            .Select(method => $"{method} /{endpoint.RoutePattern.RawText?.Trim('/')}"))
        .Distinct();
}
