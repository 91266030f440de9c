using Deque.AxeCore.Playwright;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Tests.Hosts;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Policies;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EnergyTTT.Portal.Tests.Browsers;

/// <summary>Two people at two browsers: one proposes, the other approves, by keyboard; in both themes and at the width of a phone.</summary>
[Collection(BrowserCollection.Name)]
public sealed class ProposalInBrowserTests(Chromium chromium) : IAsyncLifetime
{
    private const string Password = "vier lose Wolken singen";
    private readonly PostgresFixture _database = new();
    private PortalHost _host = null!; // set in InitializeAsync

    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        _host = await PortalHost.Start(_database.ConnectionString);
        foreach (var name in new[] { "olga", "omar" })
        {
            Assert.Null((await _host.Services.GetRequiredService<PeopleKeeper>().Create(name, null, "operator", null, Password, CancellationToken.None)).Code);
        }

        await _host.Policies.By("ada", "fleet", new() { Approval = ApprovalRule.Required, Mode = SteeringMode.Observe });
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task One_person_proposes_and_another_approves_by_keyboard()
    {
        await using var office = await chromium.Profile();
        var author = await SignIn(office, "olga");
        await Expect(author.GetByTestId("asks-approval")).ToBeVisibleAsync();
        await author.GetByTestId("in-mode").FocusAsync();
        await author.Keyboard.TypeAsync("enforce");
        await author.GetByTestId("reason").FocusAsync();
        await author.Keyboard.TypeAsync("the pilot went well");
        await Press(author, "save");
        await Expect(author.GetByTestId("policy-said")).ToHaveTextAsync("Proposal 1 waits for another person to approve it.");
        await Expect(author.GetByTestId("proposal-1")).ToContainTextAsync("you cannot");
        await Expect(author.GetByTestId("approve")).ToHaveCountAsync(0);

        foreach (var (scheme, width) in new[] { (ColorScheme.Light, 1440), (ColorScheme.Dark, 1440), (ColorScheme.Light, 390), (ColorScheme.Dark, 390) })
        {
            await using var profile = await chromium.Profile(scheme, width);
            var page = await SignIn(profile, "omar");
            await Expect(page.GetByTestId("approve")).ToBeVisibleAsync();
            var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName;
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, $"proposal-{scheme}-{width}.png".ToLowerInvariant()), FullPage = true });
            Assert.Empty((await page.RunAxe()).Violations.Select(violation => $"{scheme} {width} {violation.Id}: {string.Join(" | ", violation.Nodes.Select(node => node.Html).Take(3))}"));
            Assert.True(await page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= innerWidth"), $"the page is wider than {width}");
        }

        await using var home = await chromium.Profile();
        var second = await SignIn(home, "omar");
        await second.GetByTestId("proposal-reason").FocusAsync();
        await second.Keyboard.TypeAsync("read it");
        await Press(second, "approve");
        await Expect(second.GetByTestId("versions")).ToContainTextAsync("olga, approved by omar");
        await Expect(author.GetByTestId("value-mode").Or(author.GetByTestId("in-mode"))).ToBeVisibleAsync();
        await Expect(author.GetByTestId("decided-proposals")).ToContainTextAsync("approved by omar, version 2: read it");
        Assert.Equal((SteeringMode.Enforce, "olga", "omar"), (_host.Policies.All[^1].Document.Mode!.Value, _host.Policies.All[^1].Author, _host.Policies.All[^1].ApprovedBy));
    }

    private static async Task Press(IPage page, string button)
    {
        await page.GetByTestId(button).FocusAsync();
        await page.Keyboard.PressAsync("Enter");
    }

    private async Task<IPage> SignIn(IBrowserContext profile, string name)
    {
        var page = await profile.NewPageAsync();
        await page.GotoAsync(_host.Address + "/policies");
        await page.GetByTestId("user-name").FillAsync(name);
        await page.GetByTestId("password").FillAsync(Password);
        await page.GetByTestId("submit").ClickAsync();
        await page.WaitForURLAsync("**/policies*");
        await page.Locator(".frame[data-live]").WaitForAsync(new() { Timeout = 60_000 });
        return page;
    }
}
