using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using EnergyTTT.History.Access;
using EnergyTTT.History.Audits;
using EnergyTTT.Silo.Tests.Walks;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EnergyTTT.Silo.Tests.Asvs;

/// <summary>OWASP ASVS 5.0, chapters 2, 3, 4, 8, 13 and 16: input, the browser, HTTP, rights on data, secrets, the log. Each test names its rows.</summary>
[Collection(AccessCollection.Name)]
public sealed class HttpAsvsTests(AccessHost host)
{
    private static readonly string[] Addresses = ["/sign-in", "/health/live", "/v1/fleet", "/docs", "/v1/nothing", "/openapi/v1.json"];

    [Theory]
    [InlineData("V2.2.1 a role is one of a list", "/v1/keys", """{"role":"king"}""", 400)]
    [InlineData("V2.2.1 an owner has a length", "/v1/keys", """{"role":"viewer","owner":""}""", 400)]
    [InlineData("V2.2.2 a script posts past the page", "/v1/users", """{"user_name":"x","role":"viewer","password":"short"}""", 400)]
    [InlineData("V2.2.3 an end is after now", "/v1/keys", """{"role":"viewer","expires":"2001-01-01T00:00:00Z"}""", 400)]
    [InlineData("V2.2.3 scopes are of a kind", "/v1/users", """{"user_name":"x","role":"operator","scopes":["everything"]}""", 400)]
    public async Task Input_is_held_to_what_is_expected_by_the_server_itself(string row, string path, string body, int status)
    {
        using var answer = await (await host.Key("administrator")).PostAsync(new Uri(path, UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.True((int)answer.StatusCode == status, $"{row}: {(int)answer.StatusCode}");
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task V3_4_3_V3_4_4_V3_4_5_V3_4_6_Every_answer_carries_the_headers_that_a_browser_needs()
    {
        using var client = host.Client();
        foreach (var address in Addresses)
        {
            using var answer = await client.GetAsync(new Uri(address, UriKind.Relative));
            string Header(string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(' ', values) : "";

            var policy = Header("Content-Security-Policy");
            Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
            Assert.Contains("object-src 'none'", policy, StringComparison.Ordinal);
            Assert.Contains("base-uri 'self'", policy, StringComparison.Ordinal);
            Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
            Assert.Equal(("nosniff", "same-origin"), (Header("X-Content-Type-Options"), Header("Referrer-Policy")));
        }
    }

    [Fact]
    public async Task V3_4_2_V3_5_2_No_other_origin_is_let_in_by_cors()
    {
        var client = await Fresh("viewer");
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Options })
        {
            using var request = new HttpRequestMessage(method, "/v1/fleet");
            request.Headers.Add("Origin", "https://evil.example");
            request.Headers.Add("Access-Control-Request-Method", "PUT");
            using var answer = await client.SendAsync(request);

            Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public async Task V3_3_The_cookie_of_a_session_is_for_http_alone_and_stays_on_this_site()
    {
        using var door = new Door(host);
        using var answer = await door.SignIn("vera", AccessHost.Password);

        var cookie = answer.Headers.GetValues("Set-Cookie").Single(value => value.StartsWith("ettt-session=", StringComparison.Ordinal));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=lax", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("expires=", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task V3_5_1_A_form_without_its_token_changes_nothing()
    {
        using var door = await host.SignedIn("vera");
        using var body = new FormUrlEncodedContent(new Dictionary<string, string> { ["_handler"] = "sign-out" });

        using var answer = await door.Client.PostAsync(new Uri("/account", UriKind.Relative), body);
        using var still = await door.Client.GetAsync(new Uri("/account", UriKind.Relative));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.OK), (answer.StatusCode, still.StatusCode));
    }

    [Fact]
    public async Task V3_5_3_No_reading_method_changes_anything()
    {
        var administrator = await Fresh("administrator");
        var log = host.Services.GetRequiredService<AuditLog>();
        var before = (await log.Verify(CancellationToken.None)).Entries;

        foreach (var (name, row) in EndpointTable.Rows.Where(row => row.Key.StartsWith("GET ", StringComparison.Ordinal)))
        {
            using var answer = await administrator.GetAsync(new Uri(row.Address, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
            Assert.True((int)answer.StatusCode < 500, name);
        }

        Assert.Equal(before, (await log.Verify(CancellationToken.None)).Entries);
    }

    [Theory]
    [InlineData("/sign-in")]
    [InlineData("/docs")]
    [InlineData("/docs/docs.js")]
    [InlineData("/health/live")]
    [InlineData("/v1/fleet")]
    public async Task V4_1_1_Every_answer_with_a_body_says_its_type(string address)
    {
        using var answer = await (await Fresh("viewer")).GetAsync(new Uri(address, UriKind.Relative));
        var type = answer.Content.Headers.ContentType;

        Assert.NotNull(type);
        Assert.True(type.MediaType?.StartsWith("text/", StringComparison.Ordinal) != true || string.Equals(type.CharSet, "utf-8", StringComparison.OrdinalIgnoreCase), $"{address}: {type}");
    }

    [Fact]
    public async Task V4_1_3_A_client_cannot_pretend_to_be_behind_a_proxy()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/sign-in");
        request.Headers.Add("X-Forwarded-Proto", "https");
        request.Headers.Add("X-Forwarded-For", "10.1.2.3");
        request.Headers.Add("X-Forwarded-Host", "evil.example");
        using var client = host.Client();

        using var answer = await client.SendAsync(request);

        Assert.False(answer.Headers.Contains("Strict-Transport-Security"));
        Assert.DoesNotContain("evil.example", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://evil.example", false)]
    [InlineData("null", false)]
    [InlineData(null, true)]
    public async Task V4_4_2_The_socket_of_a_circuit_is_opened_for_our_own_pages_alone(string? origin, bool opens)
    {
        using var door = await host.SignedIn("vera");
        using var socket = new ClientWebSocket();
        socket.Options.Cookies = door.Cookies;
        socket.Options.SetRequestHeader("Origin", origin ?? host.Server.AbsoluteUri.TrimEnd('/'));
        var address = new UriBuilder(host.Server) { Scheme = "ws", Path = "/_blazor" }.Uri;

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
    public async Task V8_2_2_A_person_reaches_only_the_own_sessions_and_keys()
    {
        using var vera = await host.SignedIn("vera");
        using var olga = await host.SignedIn("olga");
        var sessions = host.Services.GetRequiredService<Sessions>();
        var olgas = (await sessions.List((await sessions.People(CancellationToken.None)).Single(person => person.UserName == "olga").Id, CancellationToken.None))[0].Id;
        var (key, secret) = await host.Services.GetRequiredService<ApiKeys>().Create(new ApiKeyRequest("viewer", "person/olga"), CancellationToken.None);

        (await vera.Post("/account", "session-end", new() { ["End"] = olgas })).Dispose();
        (await vera.Post("/account", "key-revoke", new() { ["Revoke"] = key.Id })).Dispose();

        using var still = await olga.Client.GetAsync(new Uri("/account", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, still.StatusCode);
        Assert.NotNull(await host.Services.GetRequiredService<ApiKeys>().Verify(secret.Text, CancellationToken.None));
        await host.Services.GetRequiredService<ApiKeys>().Revoke(key.Id, "person/olga", CancellationToken.None);
    }

    [Fact]
    public async Task V8_2_3_Fields_that_are_nobodys_to_write_or_read_are_not_there()
    {
        var administrator = await Fresh("administrator");
        using var made = await administrator.PostAsync(new Uri("/v1/users", UriKind.Relative), new StringContent(
            """{"user_name":"fields","role":"viewer","password":"vier lose Wolken singen","id":"00000000-0000-0000-0000-000000000007","password_hash":"x","security_stamp":"x","two_factor_enabled":true}""", Encoding.UTF8, "application/json"));
        var person = JsonNode.Parse(await made.Content.ReadAsStringAsync())!;

        Assert.NotEqual("00000000-0000-0000-0000-000000000007", (string?)person["id"]);
        Assert.False((bool)person["two_factor_enabled"]!);
        var listed = await administrator.GetStringAsync(new Uri("/v1/users?limit=1000", UriKind.Relative));
        Assert.DoesNotContain("hash", listed, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("stamp", listed, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task V8_3_1_Somebody_who_makes_an_own_key_gets_no_role_beyond_the_own_one()
    {
        using var vera = await host.SignedIn("vera");

        (await vera.Post("/account", "key-make", new() { ["KeyRole"] = "administrator", ["KeyDays"] = "1" })).Dispose();

        Assert.DoesNotContain(await host.Services.GetRequiredService<ApiKeys>().List(CancellationToken.None), key => key.Owner == "person/vera" && key.Role == "administrator");
    }

    [Fact]
    public async Task V13_3_1_V16_2_5_No_secret_is_in_the_log_of_the_server_the_audit_log_or_the_database()
    {
        const string Password = "ein sehr geheimes Wort 4711";
        var (_, key) = await host.Services.GetRequiredService<ApiKeys>().Create(new ApiKeyRequest("viewer"), CancellationToken.None);
        var invited = await host.Services.GetRequiredService<EnergyTTT.Portal.Access.PeopleKeeper>().Create("secretive", null, "viewer", null, null, CancellationToken.None);
        using var door = new Door(host);
        (await door.Post("/join", "join", new() { ["Input.Token"] = invited.Token!, ["Input.Password"] = Password, ["Input.Repeat"] = Password })).Dispose(); // made without a password
        using (var wrong = new Door(host))
        {
            (await wrong.SignIn("secretive", Password + "!")).Dispose();
        }

        using var client = host.Client();
        client.DefaultRequestHeaders.Authorization = new("Bearer", key.Text);
        (await client.GetAsync(new Uri("/v1/fleet", UriKind.Relative))).Dispose();

        var said = string.Join('\n', host.Logged) + await (await Fresh("administrator")).GetStringAsync(new Uri("/v1/audit/export?format=json", UriKind.Relative)) + await Dump();
        foreach (var secret in new[] { Password, key.Text, invited.Token!, door.Session ?? "no session was made" })
        {
            Assert.DoesNotContain(secret, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task V16_2_1_V16_3_1_What_matters_is_noted_with_who_when_and_from_where()
    {
        (await host.Services.GetRequiredService<EnergyTTT.Portal.Access.PeopleKeeper>().Create("noted", null, "viewer", null, AccessHost.Password, CancellationToken.None)).ToString();
        using var door = new Door(host);
        (await door.SignIn("noted", "falsch falsch falsch")).Dispose();
        (await door.SignIn("noted", AccessHost.Password)).Dispose();
        (await door.Post("/account", "sign-out", [])).Dispose();

        var entries = await host.Services.GetRequiredService<AuditLog>().Read(new AuditFilter(Subject: "person/noted"), null, oldestFirst: true, 100, CancellationToken.None);

        Assert.Equal(["person.create", "person.role.give", "person.sign_in.failed", "person.sign_in", "person.session.end"], entries.Select(entry => entry.Action));
        Assert.All(entries.Skip(2).Take(2), entry => Assert.Contains("address", entry.Detail, StringComparison.Ordinal));
        Assert.All(entries, entry => Assert.Equal(TimeSpan.Zero, entry.Time.Offset));
    }

    [Fact]
    public async Task V16_4_1_V16_4_2_A_line_of_the_log_cannot_be_forged_and_none_be_changed_or_removed()
    {
        using var door = new Door(host);
        (await door.SignIn("x\n2026-01-01 forged line", "falsch falsch falsch")).Dispose();
        Assert.DoesNotContain(host.Logged, line => line.StartsWith("2026-01-01 forged", StringComparison.Ordinal));

        foreach (var sql in new[] { "update policy.audit set actor = 'x'", "delete from policy.audit", "truncate policy.audit" })
        {
            await using var command = host.Source.CreateCommand(sql);
            await Assert.ThrowsAsync<Npgsql.PostgresException>(() => command.ExecuteNonQueryAsync());
        }

        Assert.Null((await host.Services.GetRequiredService<AuditLog>().Verify(CancellationToken.None)).Fault);
    }

    [Fact]
    public async Task V16_5_1_A_failure_says_no_more_than_a_stranger_may_know()
    {
        using var answer = await (await Fresh("administrator")).GetAsync(new Uri("/v1/audit?actor=%00", UriKind.Relative));
        var text = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        foreach (var inside in new[] { "Npgsql", "   at ", "System.", "select ", ".cs:" })
        {
            Assert.DoesNotContain(inside, text, StringComparison.Ordinal);
        }
    }

    private Task<HttpClient> Fresh(string role) => host.Key(role);

    private async Task<string> Dump()
    {
        var text = new StringBuilder();
        foreach (var table in new[] { "access.person", "access.api_key", "access.session", "access.invitation", "access.person_token" })
        {
            await using var command = host.Source.CreateCommand($"select coalesce(string_agg(row::text, ' '), '') from {table} as row");
            text.Append(await command.ExecuteScalarAsync());
        }

        return text.ToString();
    }
}
