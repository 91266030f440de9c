using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Tests.Hosts;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Policies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace EnergyTTT.Portal.Tests.Browsers;

/// <summary>Every page as every kind of person in a real browser: what each may see, and what each may press. A letter stands for a person as in the walk over endpoints.</summary>
[Collection(BrowserCollection.Name)]
public sealed class RoleWalkInBrowserTests(Chromium chromium) : IAsyncLifetime
{
    private const string Password = "vier lose Wolken singen";
    private const string Everybody = "nvoba";
    private const string Look = "voba";
    private const string Anywhere = "oa";
    private const string InQwen = "oba";
    private const string Administer = "a";

    /// <summary>The pages, who sees them, and what on them changes something, with who is offered it.</summary>
    private static readonly (string Address, string Who, (string Deed, string Who)[] Deeds)[] Pages =
    [
        ("/", Look, []),
        ("/fleet", Look, []),
        ("/gpus", Look, []),
        ("/deployments?var-deployment=qwen-ams", Look, []),
        ("/runs", Look, []),
        ("/routers?var-deployment=qwen-ams&var-layer=0", Look, [("freeze", InQwen), ("take-snapshot", InQwen)]),
        ("/routers?var-deployment=olmoe-fra&var-layer=0", Look, [("freeze", Anywhere), ("take-snapshot", Anywhere)]),
        ("/policies", Look, [.. Editing(Anywhere)]),
        ("/policies?var-scope=deployment%2Fqwen-ams", Look, [.. Editing(InQwen), ("approve", InQwen), ("reject", InQwen)]),
        ("/policies?var-scope=deployment%2Folmoe-fra", Look, [.. Editing(Anywhere)]),
        ("/access", Administer, [("new-person", Administer), ("new-key", Administer)]),
        ("/audit", Administer, []),
        ("/account", Everybody, [("sign-out", Everybody)]),
    ];

    private static readonly Dictionary<char, string> People = new() { ['n'] = "nina", ['v'] = "vera", ['o'] = "omar", ['b'] = "bob", ['a'] = "ada" };

    private readonly PostgresFixture _database = new();
    private PortalHost _host = null!; // set in InitializeAsync

    private static (string, string)[] Editing(string who) => [("save", who), ("discard", who), ("start-rollout", who), ("reason", who)];

    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        _host = await PortalHost.Start(_database.ConnectionString);
        var keeper = _host.Services.GetRequiredService<PeopleKeeper>();
        foreach (var (name, role, scopes) in new[] { ("ada", "administrator", Array.Empty<string>()), ("omar", "operator", []), ("bob", "operator", ["deployment/qwen-ams"]), ("vera", "viewer", []), ("nina", "viewer", []) })
        {
            Assert.Null((await keeper.Create(name, null, role, scopes, Password, CancellationToken.None)).Code);
        }

        // Nina lost her role; a second person's word is waited for in qwen.
        await using var command = _database.Source.CreateCommand("delete from access.person_role where person_id = (select id from access.person where user_name = 'nina')");
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
        await _host.Policies.By("grace", "deployment/qwen-ams", new() { Approval = ApprovalRule.Required });
        await _host.Policies.ProposedBy("grace", "deployment/qwen-ams", new() { Approval = ApprovalRule.Required, HoldOutShare = 0.1 });
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Each_person_sees_the_pages_of_the_role_and_is_offered_what_the_role_and_the_scopes_allow_and_nothing_else()
    {
        var deeds = Pages.SelectMany(page => page.Deeds).Select(deed => deed.Deed).Distinct().ToList();
        List<string> wrong = [];
        foreach (var (letter, name) in People)
        {
            await using var profile = await chromium.Profile();
            var page = await profile.NewPageAsync();
            await page.GotoAsync(_host.Address + "/sign-in?return=/account");
            await page.GetByTestId("user-name").FillAsync(name);
            await page.GetByTestId("password").FillAsync(Password);
            await page.GetByTestId("submit").ClickAsync();
            await page.WaitForURLAsync("**/account*");
            foreach (var (address, who, offered) in Pages)
            {
                await page.GotoAsync(_host.Address + address);
                var seen = !page.Url.Contains("no-entry", StringComparison.Ordinal);
                if (seen && address != "/account")
                {
                    await page.Locator(".frame[data-live]").WaitForAsync(new() { Timeout = 60_000 });
                    await page.Locator("[data-testid^=face-loading]").WaitForAsync(new() { State = WaitForSelectorState.Detached });
                }

                if (seen != who.Contains(letter))
                {
                    wrong.Add($"{name} {(seen ? "sees" : "does not see")} {address}");
                }

                foreach (var deed in seen ? deeds : [])
                {
                    var isOffered = await page.GetByTestId(deed).CountAsync() > 0;
                    var may = offered.FirstOrDefault(one => one.Deed == deed).Who?.Contains(letter) == true;
                    if (isOffered != may)
                    {
                        wrong.Add($"{name} is {(isOffered ? "" : "not ")}offered {deed} on {address}");
                    }
                }

                if (seen && address.StartsWith("/policies", StringComparison.Ordinal) && offered.All(one => !one.Who.Contains(letter)) && await page.GetByTestId("only-look").CountAsync() == 0)
                {
                    wrong.Add($"{name} is not told why nothing can be changed on {address}");
                }

                // The way to what is not open is not shown either.
                if (seen && address == "/" && (await page.GetByTestId("nav-access").CountAsync() > 0) != (letter == 'a'))
                {
                    wrong.Add($"{name} is shown the way to /access");
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }
}
