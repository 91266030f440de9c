using System.Diagnostics;
using Deque.AxeCore.Playwright;
using EnergyTTT.History.Access;
using EnergyTTT.History.Audits;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Tests.Hosts;
using EnergyTTT.Testing.Authenticators;
using EnergyTTT.Testing.Databases;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EnergyTTT.Portal.Tests.Browsers;

/// <summary>People, keys, second factors, passkeys, sessions and the audit log in a real browser over a real database.</summary>
[Collection(BrowserCollection.Name)]
public sealed class AccessInBrowserTests(Chromium chromium) : IAsyncLifetime
{
    private const string Password = "vier lose Wolken singen";
    private readonly PostgresFixture _database = new();
    private PortalHost _host = null!; // set in InitializeAsync

    private PeopleKeeper People => _host.Services.GetRequiredService<PeopleKeeper>();

    // Passkeys belong to names, not to addresses.
    private string Address => _host.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        _host = await PortalHost.Start(_database.ConnectionString);
        foreach (var (name, role, scopes) in new[] { ("ada", "administrator", Array.Empty<string>()), ("olga", "operator", ["deployment/qwen-ams", "site/ams"]), ("vera", "viewer", []) })
        {
            Assert.Null((await People.Create(name, null, role, scopes, Password, CancellationToken.None)).Code);
        }

        var keys = _host.Services.GetRequiredService<ApiKeys>();
        await keys.Create(new ApiKeyRequest("agent", "agent/host-3", ["host-3"], CreatedBy: "person/ada"), CancellationToken.None);
        await keys.Create(new ApiKeyRequest("engine", "engine/qwen", Deployments: ["qwen-ams"], CreatedBy: "cli"), CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_person_is_invited_joins_and_is_shown_the_door_while_a_page_is_live()
    {
        await using var office = await chromium.Profile();
        var administrator = await SignIn(office, "ada", "/access");
        await administrator.GetByTestId("new-name").FillAsync("grace");
        await administrator.GetByTestId("new-role").SelectOptionAsync("operator");
        await administrator.GetByTestId("new-scopes").FillAsync("deployment/qwen-ams");
        await administrator.Keyboard.PressAsync("Enter");
        var link = await administrator.GetByTestId("invite-link").TextContentAsync();
        Assert.Contains("/join#", link, StringComparison.Ordinal);

        await using var home = await chromium.Profile();
        var grace = await home.NewPageAsync();
        await grace.GotoAsync(link!); // shown in the line before
        await Expect(grace.GetByTestId("invitation")).Not.ToHaveValueAsync("");
        Assert.DoesNotContain("#", grace.Url, StringComparison.Ordinal);
        await grace.GetByTestId("password").FillAsync(Password);
        await grace.GetByTestId("password-repeat").FillAsync(Password);
        await grace.GetByTestId("submit").ClickAsync();
        await Live(grace);

        await administrator.GetByTestId("person-grace").ClickAsync();
        await Expect(administrator.GetByTestId("person-card")).ToContainTextAsync("Chrome");
        await administrator.GetByTestId("end-sessions").ClickAsync();
        var clock = Stopwatch.StartNew();
        await administrator.GetByTestId("confirm-yes").ClickAsync();
        await Expect(administrator.GetByTestId("person-said")).ToHaveTextAsync("Done.");

        await Expect(grace.GetByTestId("face-signed-out")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30), $"the live page went on for {clock.Elapsed.TotalSeconds:0.0} s");
    }

    [Fact]
    public async Task A_key_is_made_shown_once_rotated_and_revoked_by_keyboard()
    {
        await using var profile = await chromium.Profile();
        var page = await SignIn(profile, "ada", "/access");
        var keys = _host.Services.GetRequiredService<ApiKeys>();

        await page.GetByTestId("key-role").FocusAsync();
        await page.GetByTestId("key-role").SelectOptionAsync("operator");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("person-of-operations");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync("qwen-ams");
        await page.Keyboard.PressAsync("Enter");
        var secret = await page.GetByTestId("made-key").TextContentAsync();
        var grant = await keys.Verify(secret, CancellationToken.None);
        Assert.Equal(("operator", "qwen-ams"), (grant!.Role, Assert.Single(grant.Deployments)));
        await page.GetByTestId("made-key-taken").PressAsync("Enter");
        await Expect(page.GetByTestId("made-key")).ToHaveCountAsync(0);

        await page.GetByTestId("rotate-" + grant.Id).PressAsync("Enter");
        await page.GetByTestId("key-confirm-yes").PressAsync("Enter");
        var successor = await keys.Verify(await page.GetByTestId("rotated-key").TextContentAsync(), CancellationToken.None);
        Assert.Equal("operator", successor!.Role);
        Assert.NotNull(await keys.Verify(secret, CancellationToken.None));

        await page.GetByTestId("revoke-" + grant.Id).PressAsync("Enter");
        await page.GetByTestId("key-confirm-yes").PressAsync("Enter");
        await Expect(page.GetByTestId("key-said")).ToContainTextAsync("is revoked");
        Assert.Null(await keys.Verify(secret, CancellationToken.None));
        await Expect(page.GetByTestId("revoke-" + grant.Id)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task An_authenticator_is_turned_on_and_asked_for_at_the_next_sign_in()
    {
        await using var profile = await chromium.Profile();
        var page = await SignIn(profile, "olga", "/account");
        var key = (await page.GetByTestId("factor-key").TextContentAsync())!; // shown to who has none yet
        await page.GetByTestId("enrol-code").FillAsync(Totp.Code(key, TimeProvider.System.GetUtcNow()));
        await page.GetByTestId("enrol").ClickAsync();
        var codes = (await page.Locator("#codes").TextContentAsync())!.Split('\n'); // shown after it was turned on
        Assert.Equal(10, codes.Length);
        await Picture(page, "account-codes");
        await page.GetByTestId("sign-out").ClickAsync();

        await page.GetByTestId("user-name").FillAsync("olga");
        await page.GetByTestId("password").FillAsync(Password);
        await page.GetByTestId("submit").ClickAsync();
        await page.WaitForURLAsync("**/sign-in/second*");
        await NoViolations(page);
        await page.GetByTestId("code").FillAsync(codes[0]);
        await page.GetByTestId("submit").ClickAsync();
        await Live(page);
    }

    [Fact]
    public async Task A_passkey_is_made_on_the_account_page_and_signs_in_without_a_password()
    {
        await using var profile = await chromium.Profile();
        var page = await SignIn(profile, "vera", "/account");
        var device = await profile.NewCDPSessionAsync(page);
        await device.SendAsync("WebAuthn.enable");
        await device.SendAsync("WebAuthn.addVirtualAuthenticator", new()
        {
            ["options"] = new Dictionary<string, object> { ["protocol"] = "ctap2", ["transport"] = "internal", ["hasResidentKey"] = true, ["hasUserVerification"] = true, ["isUserVerified"] = true, ["automaticPresenceSimulation"] = true },
        });
        await page.GetByTestId("passkey-name").FillAsync("laptop");
        await page.GetByTestId("add-passkey").ClickAsync();
        await Expect(page.GetByTestId("passkeys")).ToContainTextAsync("laptop");
        await page.GetByTestId("sign-out").ClickAsync();

        await page.GetByTestId("use-passkey").ClickAsync();

        await Live(page);
        Assert.Contains("vera", await page.GetByTestId("nav-account").GetAttributeAsync("title"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_makes_an_own_key_that_is_worth_no_more_than_the_person()
    {
        await using var profile = await chromium.Profile();
        var page = await SignIn(profile, "olga", "/account");
        var keys = _host.Services.GetRequiredService<ApiKeys>();
        await page.GetByTestId("own-key-role").SelectOptionAsync("operator");
        await page.GetByTestId("own-key-make").ClickAsync();
        var secret = await page.GetByTestId("own-secret").TextContentAsync();
        var grant = await keys.Verify(secret, CancellationToken.None);
        Assert.Equal(("operator", "olga"), (grant!.Role, grant.Person));
        Assert.Equal(["deployment/qwen-ams", "site/ams"], grant.Scopes.Order());

        var olga = (await _host.Services.GetRequiredService<Sessions>().People(CancellationToken.None)).Single(person => person.UserName == "olga");
        await People.Change(olga.Id, new PersonChange("viewer"), CancellationToken.None);
        var later = new ApiKeys(_database.Source, TimeProvider.System);
        Assert.Equal("viewer", (await later.Verify(secret, CancellationToken.None))!.Role); // still the person's
        await People.Change(olga.Id, new PersonChange(Disabled: true), CancellationToken.None);
        Assert.Null(await new ApiKeys(_database.Source, TimeProvider.System).Verify(secret, CancellationToken.None));
    }

    [Fact]
    public async Task The_log_is_filtered_followed_and_linked_and_a_row_that_was_changed_is_pointed_at()
    {
        await using var profile = await chromium.Profile();
        var page = await SignIn(profile, "ada", "/audit");
        await Expect(page.GetByTestId("chain")).ToContainTextAsync("The chain is whole");
        await page.GetByTestId("action").FillAsync("key.*");
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.GetByTestId("entries").Locator("tbody tr")).ToHaveCountAsync(2);

        await _host.Services.GetRequiredService<AuditLog>().Append("person/bob", "key.test", "key/Xy", null, CancellationToken.None);
        await Expect(page.GetByTestId("entries").Locator("tbody tr")).ToHaveCountAsync(3);

        await using (var tamper = _database.Source.CreateCommand("alter table policy.audit disable trigger user; update policy.audit set subject = 'key/forged' where number = 2; alter table policy.audit enable trigger user"))
        {
            await tamper.ExecuteNonQueryAsync();
        }

        await Expect(page.GetByTestId("to-broken")).ToBeVisibleAsync(new() { Timeout = 40_000 });
        await page.GetByTestId("to-broken").ClickAsync();
        await Expect(page.GetByTestId("entry")).ToContainTextAsync("does not agree with its hash");
        Assert.Contains("var-entry=2", page.Url, StringComparison.Ordinal);
        await Picture(page, "audit-broken");
        await NoViolations(page);
    }

    [Theory]
    [InlineData(ColorScheme.Light, 1440)]
    [InlineData(ColorScheme.Dark, 1440)]
    [InlineData(ColorScheme.Light, 390)]
    [InlineData(ColorScheme.Dark, 390)]
    public async Task Axe_finds_nothing_and_nothing_is_wider_than_the_screen(ColorScheme scheme, int width)
    {
        await using var profile = await chromium.Profile(scheme, width, 900);
        var page = await SignIn(profile, "ada", "/access");
        foreach (var address in new[] { "/access", "/access?var-person=olga&var-keys=all", "/audit", "/audit?var-entry=1", "/account", "/join", "/missing" })
        {
            await page.GotoAsync(Address + address, new() { WaitUntil = WaitUntilState.Load });
            await Expect(page.Locator("h1")).ToBeVisibleAsync();
            if (!address.StartsWith("/account", StringComparison.Ordinal) && !address.StartsWith("/join", StringComparison.Ordinal))
            {
                await Live(page);
            }

            await Picture(page, $"{address.Trim('/').Replace('?', '-').Replace('&', '-').Replace('=', '-')}-{scheme}-{width}");
            await NoViolations(page);
            Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"{address} is wider than {width}");
        }
    }

    private static Task Live(IPage page) => page.Locator(".frame[data-live]").WaitForAsync(new() { Timeout = 60_000 });

    private static async Task NoViolations(IPage page)
    {
        var result = await page.RunAxe();
        Assert.Empty(result.Violations.Select(violation => $"{page.Url} {violation.Id}: {string.Join(" | ", violation.Nodes.Select(node => node.Html).Take(3))}"));
    }

    private static async Task Picture(IPage page, string name)
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "screenshots");
        Directory.CreateDirectory(folder);
        await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
    }

    private async Task<IPage> SignIn(IBrowserContext profile, string name, string address)
    {
        var page = await profile.NewPageAsync();
        await page.GotoAsync(Address + address);
        await page.GetByTestId("user-name").FillAsync(name);
        await page.GetByTestId("password").FillAsync(Password);
        await page.GetByTestId("submit").ClickAsync();
        await page.WaitForURLAsync("**" + address + "*");
        if (address != "/account")
        {
            await Live(page);
        }

        return page;
    }
}
