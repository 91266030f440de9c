using System.Net;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.History.Access;
using EnergyTTT.Silo.Tests.Products;
using EnergyTTT.Silo.Tests.Walks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EnergyTTT.Silo.Tests.Asvs;

/// <summary>OWASP ASVS 5.0: what needs a server behind a proxy, or one whose parts fail. Each test names its rows.</summary>
public sealed class GuardedAsvsTests(GuardedHost guarded) : IClassFixture<GuardedHost>
{
    private AccessHost Host => guarded.Host;

    [Fact]
    public async Task V2_4_1_One_address_has_so_many_tries_at_every_door_together_and_others_go_on()
    {
        using var door = Behind("10.1.0.1", "https");
        List<(int Status, string? Wait)> answers = [];
        foreach (var path in new[] { "/sign-in", "/join", "/setup", "/sign-in/second", "/sign-in", "/join", "/sign-in", "/setup" })
        {
            using var answer = await door.PostAsync(new Uri(path, UriKind.Relative), new FormUrlEncodedContent([]));
            answers.Add(((int)answer.StatusCode, answer.Headers.RetryAfter?.ToString()));
        }

        using var elsewhere = Behind("10.1.0.2", "https");
        using var other = await elsewhere.PostAsync(new Uri("/sign-in", UriKind.Relative), new FormUrlEncodedContent([]));

        Assert.All(answers.Take(6), answer => Assert.NotEqual(429, answer.Status));
        Assert.All(answers.Skip(6), answer => Assert.Equal((429, "10"), answer));
        Assert.NotEqual(HttpStatusCode.TooManyRequests, other.StatusCode);
    }

    [Fact]
    public async Task V2_4_1_One_caller_may_read_so_often_and_then_hears_when_to_come_back()
    {
        using var client = Behind("10.1.0.3", "https", await Key("viewer"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 900).Select(async _ =>
        {
            using var answer = await client.GetAsync(new Uri("/v1/policies/fields", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            return (answer.StatusCode, answer.Headers.RetryAfter?.Delta);
        }));

        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Contains(answers, answer => answer is { StatusCode: HttpStatusCode.TooManyRequests, Delta.TotalSeconds: 1 });
        using var another = Behind("10.1.0.3", "https", await Key("viewer"));
        using var fresh = await another.GetAsync(new Uri("/v1/policies/fields", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, fresh.StatusCode);
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/v1/fleet")]
    [InlineData("/health/live")]
    [InlineData("/docs/docs.js")]
    [InlineData("/no/such/page")]
    public async Task V3_4_1_Every_answer_by_tls_tells_browsers_to_use_nothing_else_for_a_year_subdomains_included(string address)
    {
        using var client = Behind("10.1.0.4", "https");
        using var answer = await client.GetAsync(new Uri(address, UriKind.Relative));

        Assert.True(answer.Headers.TryGetValues("Strict-Transport-Security", out var values), $"{address} says nothing of TLS");
        var parts = values.Single().Split(';', StringSplitOptions.TrimEntries);
        Assert.True(long.Parse(parts[0]["max-age=".Length..], System.Globalization.CultureInfo.InvariantCulture) >= 31_536_000);
        Assert.Contains("includeSubDomains", parts);
    }

    [Fact]
    public async Task V3_4_1_V4_4_1_What_comes_in_the_clear_is_turned_away_and_a_page_is_sent_to_https()
    {
        using var clear = Behind("10.1.0.5", "http", await Key("administrator"));
        using var page = await clear.GetAsync(new Uri("/policies?var-scope=fleet", UriKind.Relative));
        using var call = await clear.GetAsync(new Uri("/v1/fleet", UriKind.Relative));
        using var frames = await clear.PostAsync(new Uri("/v1/telemetry", UriKind.Relative), new StringContent("{}", Encoding.UTF8, "application/json"));

        Assert.Equal((HttpStatusCode.PermanentRedirect, $"https://localhost:{Host.Server.Port}/policies?var-scope=fleet"), (page.StatusCode, page.Headers.Location?.ToString()));
        Assert.Equal((HttpStatusCode.Forbidden, "tls_required"), (call.StatusCode, (string?)JsonNode.Parse(await call.Content.ReadAsStringAsync())!["code"]));
        Assert.Equal(HttpStatusCode.Forbidden, frames.StatusCode);
    }

    [Theory]
    [InlineData("https", true)]
    [InlineData("http", false)]
    public async Task V4_4_1_The_socket_of_a_circuit_opens_over_tls_alone(string scheme, bool opens)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("X-Forwarded-For", "10.1.0.6");
        socket.Options.SetRequestHeader("X-Forwarded-Proto", scheme);
        var address = new UriBuilder(Host.Server) { Scheme = "ws", Path = "/_blazor" }.Uri;

        if (opens)
        {
            await socket.ConnectAsync(address, CancellationToken.None);
            Assert.Equal(WebSocketState.Open, socket.State);
        }
        else
        {
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(address, CancellationToken.None));
        }
    }

    [Fact]
    public async Task V16_3_2_V16_3_3_Who_was_refused_what_and_whoever_tries_too_often_is_in_the_log()
    {
        var key = await Key("viewer");
        using var viewer = Behind("10.1.0.7", "https", key);
        (await viewer.PostAsync(new Uri("/v1/keys?secret=in-a-query", UriKind.Relative), new StringContent("{}", Encoding.UTF8, "application/json"))).Dispose();
        using var stranger = Behind("10.1.0.8", "https", key[..^1] + (key[^1] == 'x' ? 'y' : 'x'));
        (await stranger.GetAsync(new Uri("/v1/fleet", UriKind.Relative))).Dispose();
        using var guesser = Behind("10.1.0.9", "https");
        for (var i = 0; i < 7; i++)
        {
            (await guesser.PostAsync(new Uri("/sign-in%0Aforged", UriKind.Relative), new FormUrlEncodedContent([]))).Dispose();
            (await guesser.PostAsync(new Uri("/sign-in", UriKind.Relative), new FormUrlEncodedContent([]))).Dispose();
        }

        await Logged($"Warning key/{key.Split('_')[1]} (viewer) was refused POST /v1/keys from 10.1.0.7: 403");
        await Logged("Warning nobody (no role) was refused GET /v1/fleet from 10.1.0.8: 401");
        await Logged("Warning nobody (no role) was refused POST /sign-in from 10.1.0.9: 429");
        Assert.DoesNotContain(Host.Logged, line => line.Contains("in-a-query", StringComparison.Ordinal) || line.Contains('\n' + "forged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task V16_3_4_V16_5_1_V16_5_3_Where_the_audit_log_cannot_be_written_nothing_is_changed_the_failure_is_logged_and_a_stranger_learns_nothing()
    {
        using var client = Behind("10.1.0.10", "https", await Key("administrator"));
        var before = await Count("select count(*) from policy.version");
        await Run("alter table policy.audit rename to audit_away");
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/policies/site/closed") { Content = new StringContent("""{"document":{"power_cap_ratio":0.9},"reason":"x"}""", Encoding.UTF8, "application/json") };
            request.Headers.TryAddWithoutValidation("If-Match", "\"0\"");
            using var refused = await client.SendAsync(request);
            using var key = await client.PostAsync(new Uri("/v1/keys", UriKind.Relative), new StringContent("""{"role":"viewer","owner":"closed"}""", Encoding.UTF8, "application/json"));

            foreach (var answer in new[] { refused, key })
            {
                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
                var text = await answer.Content.ReadAsStringAsync();
                Assert.DoesNotContain("audit", text, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("42P01", text, StringComparison.Ordinal);
            }
        }
        finally
        {
            await Run("alter table policy.audit_away rename to audit");
        }

        Assert.Equal((before, 0L), (await Count("select count(*) from policy.version"), await Count("select count(*) from access.api_key where owner = 'closed'")));
        await Logged("relation \"policy.audit\" does not exist");
    }

    [Fact]
    public async Task V16_5_3_Where_sessions_or_keys_cannot_be_looked_up_nobody_is_let_in()
    {
        var secret = await Key("administrator");
        using var client = Behind("10.1.0.11", "https", secret);
        await Run("alter table access.api_key rename to api_key_away");
        try
        {
            using var closed = await client.GetAsync(new Uri("/v1/users", UriKind.Relative));
            Assert.NotEqual(HttpStatusCode.OK, closed.StatusCode);
        }
        finally
        {
            await Run("alter table access.api_key_away rename to api_key");
        }

        using var door = await Host.SignedIn("vera"); // from this machine, which may come in the clear
        await Run("alter table access.session rename to session_away");
        try
        {
            using var fresh = new Door(Host);
            fresh.Cookies.Add(Host.Server, new Cookie("ettt-session", door.Session));
            await Task.Delay(Sessions.Remembered + TimeSpan.FromSeconds(1));
            using var closed = await fresh.Client.GetAsync(new Uri("/v1/fleet", UriKind.Relative));
            Assert.NotEqual(HttpStatusCode.OK, closed.StatusCode);
        }
        finally
        {
            await Run("alter table access.session_away rename to session");
        }

        using var again = await door.Client.GetAsync(new Uri("/v1/fleet", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    [Fact]
    public async Task V16_5_2_A_provider_that_is_away_keeps_nobody_with_a_password_out()
    {
        using var client = Behind("10.1.0.12", "https");
        using var away = await client.GetAsync(new Uri("/sign-in/openid?return=/runs", UriKind.Relative));
        Assert.Equal((HttpStatusCode.Redirect, "/sign-in?problem=provider"), (away.StatusCode, away.Headers.Location?.ToString()));

        using var page = await client.GetAsync(new Uri("/sign-in?problem=provider", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("name=\"Input.Password\"", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task V6_3_3_A_role_that_asks_for_a_second_factor_counts_only_for_who_signed_in_with_one()
    {
        Assert.Null((await Host.Services.GetRequiredService<EnergyTTT.Portal.Access.PeopleKeeper>().Create("otto", null, "operator", null, AccessHost.Password, CancellationToken.None)).Code);
        using var weak = await Host.SignedIn("otto");
        using var api = await weak.Client.GetAsync(new Uri("/v1/fleet", UriKind.Relative));
        using var account = await weak.Client.GetAsync(new Uri("/account", UriKind.Relative));
        using var page = await weak.Client.GetAsync(new Uri("/policies", UriKind.Relative));
        Assert.Equal((HttpStatusCode.Forbidden, HttpStatusCode.OK, HttpStatusCode.Redirect), (api.StatusCode, account.StatusCode, page.StatusCode));
        Assert.Contains("lacks-factor", await account.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("face-second-factor", await weak.Client.GetStringAsync(new Uri("/no-entry", UriKind.Relative)), StringComparison.Ordinal);
        (await weak.Post("/account", "key-make", new() { ["KeyRole"] = "operator", ["KeyDays"] = "1" })).Dispose();
        Assert.DoesNotContain(await Host.Services.GetRequiredService<ApiKeys>().List(CancellationToken.None), key => key.Owner == "person/otto");

        string secret;
        await using (var scope = Host.Services.CreateAsyncScope())
        {
            var people = scope.ServiceProvider.GetRequiredService<Microsoft.AspNetCore.Identity.UserManager<Person>>();
            var otto = (await people.FindByNameAsync("otto"))!; // made above
            Assert.True((await people.ResetAuthenticatorKeyAsync(otto)).Succeeded);
            secret = (await people.GetAuthenticatorKeyAsync(otto))!; // made in the line before
            Assert.True((await people.SetTwoFactorEnabledAsync(otto, true)).Succeeded);
        }

        using var door = new Door(Host);
        (await door.SignIn("otto", AccessHost.Password)).Dispose();
        (await door.Post("/sign-in/second", "second", new() { ["Input.Code"] = EnergyTTT.Testing.Authenticators.Totp.Code(secret, TimeProvider.System.GetUtcNow()) })).Dispose();
        using var allowed = await door.Client.GetAsync(new Uri("/v1/fleet", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
    }

    [Fact]
    public void V16_2_3_The_log_goes_where_the_operations_page_says_and_nowhere_else()
    {
        var places = Host.Services.GetServices<ILoggerProvider>().Select(provider => provider.GetType().Name).Distinct().Order();

        Assert.Equal(["ConsoleLoggerProvider"], places);
    }

    [Fact]
    public async Task V16_2_2_V16_2_4_Lines_of_the_log_carry_the_time_in_utc_and_are_json_for_who_asks()
    {
        var folder = Path.Combine(Path.GetTempPath(), "energyttt-log-" + Guid.NewGuid().ToString("N")[..8]);
        await using var database = new EnergyTTT.Testing.Databases.PostgresFixture();
        await database.InitializeAsync();
        await using (var product = await Product.Start(folder, database.ConnectionString, null, "--Logging:Console:FormatterName", "json"))
        {
            using var client = product.Client("ettt_not_a_key");
            (await client.GetAsync(new Uri("/v1/fleet", UriKind.Relative))).Dispose();
            for (var i = 0; i < 100 && !product.Said.Any(line => line.Contains("was refused", StringComparison.Ordinal)); i++)
            {
                await Task.Delay(50);
            }

            var line = JsonNode.Parse(product.Said.First(line => line.Contains("was refused", StringComparison.Ordinal)))!;
            Assert.EndsWith("Z", (string)line["Timestamp"]!, StringComparison.Ordinal);
            Assert.InRange(DateTimeOffset.Parse((string)line["Timestamp"]!, System.Globalization.CultureInfo.InvariantCulture), TimeProvider.System.GetUtcNow().AddMinutes(-1), TimeProvider.System.GetUtcNow().AddMinutes(1));
            Assert.Equal(("Warning", "EnergyTTT.Silo.Security.RefusalLog", "/v1/fleet"), ((string)line["LogLevel"]!, (string)line["Category"]!, (string)line["State"]!["Path"]!));
        }

        Directory.Delete(folder, recursive: true);
    }

    private HttpClient Behind(string address, string scheme, string? key = null)
    {
        var client = Host.Client();
        client.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", scheme);
        client.DefaultRequestHeaders.Authorization = key is null ? null : new AuthenticationHeaderValue("Bearer", key);
        return client;
    }

    private async Task<string> Key(string role) => (await Host.Services.GetRequiredService<ApiKeys>().Create(new ApiKeyRequest(role), CancellationToken.None)).Secret.Text;

    private async Task Logged(string text)
    {
        for (var i = 0; i < 40 && !Host.Logged.Any(line => line.Contains(text, StringComparison.Ordinal)); i++)
        {
            await Task.Delay(50);
        }

        Assert.Contains(Host.Logged, line => line.Contains(text, StringComparison.Ordinal));
    }

    private async Task Run(string sql)
    {
        await using var command = Host.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<long> Count(string sql)
    {
        await using var command = Host.Source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!; // a count
    }
}
