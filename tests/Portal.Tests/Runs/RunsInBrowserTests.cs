using Deque.AxeCore.Playwright;
using EnergyTTT.Portal.Runs;
using EnergyTTT.Portal.Tests.Browsers;
using EnergyTTT.Portal.Tests.Hosts;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EnergyTTT.Portal.Tests.Runs;

[Collection(BrowserCollection.Name)]
public sealed class RunsInBrowserTests(Chromium chromium) : IAsyncLifetime
{
    private readonly List<string> _complaints = [];
    private PortalHost _host = null!; // set in InitializeAsync
    private Guid _first;
    private Guid _second;

    public async Task InitializeAsync()
    {
        _host = await PortalHost.Start();
        var runs = (FakeRuns)_host.Services.GetRequiredService<IRunSource>();
        _first = runs.Add(Origin.Modelled).Run.Id;
        _second = runs.Add(Origin.Modelled, joulesPerToken: 1.6).Run.Id;
        runs.Next = "abc";
    }

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("list", ColorScheme.Light)]
    [InlineData("list", ColorScheme.Dark)]
    [InlineData("mistake", ColorScheme.Light)]
    [InlineData("mistake", ColorScheme.Dark)]
    [InlineData("run", ColorScheme.Light)]
    [InlineData("run", ColorScheme.Dark)]
    [InlineData("compare", ColorScheme.Light)]
    [InlineData("compare", ColorScheme.Dark)]
    public async Task Axe_finds_nothing_on_the_pages_of_runs(string name, ColorScheme scheme)
    {
        await using var profile = await chromium.Profile(scheme);
        var page = await Open(profile, name switch
        {
            "list" => "/runs",
            "mistake" => "/runs?var-q=" + Uri.EscapeDataString("metric.saving_percent > \"5\" and origin = \"measured\""),
            "run" => "/runs/" + _first,
            _ => $"/runs/compare?var-id={_first}&var-id={_second}",
        });
        await Expect(page.GetByTestId(name switch { "list" => "runs", "mistake" => "mistake-mark", "run" => "receipt", _ => "settings" })).ToBeVisibleAsync();
        await page.WaitForFunctionAsync("() => document.documentElement.dataset.portal === 'ready'");

        await page.ScreenshotAsync(new() { Path = Path.Combine(AppContext.BaseDirectory, "screenshots", $"runs-{name}-{scheme}.png"), FullPage = true });
        var result = await page.RunAxe();

        Assert.True(result.Violations.Length == 0, string.Join('\n', result.Violations.Select(violation => $"{violation.Id}: {violation.Help}\n  {string.Join("\n  ", violation.Nodes.Take(4).Select(node => node.Html))}")));
        Assert.NotEmpty(result.Passes);
        Assert.Empty(_complaints);
    }

    [Fact]
    public async Task A_person_asks_chooses_two_runs_and_compares_them_and_the_address_keeps_it_all()
    {
        await using var profile = await chromium.Profile();
        var page = await Open(profile, "/");
        await page.GetByTestId("nav-runs").ClickAsync();
        await page.GetByTestId("query").FillAsync("metric.saving_percent > 5");
        await page.GetByTestId("query").PressAsync("Enter");
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("var-q=metric\\.saving_percent"));
        await Expect(page.GetByTestId("query")).ToHaveValueAsync("metric.saving_percent > 5");
        var boxes = page.GetByTestId("runs").Locator("input[type=checkbox]");
        await boxes.Nth(0).CheckAsync();
        await boxes.Nth(1).CheckAsync();
        await page.GetByTestId("compare").ClickAsync();

        await Expect(page.GetByTestId("settings")).ToContainTextAsync("param.batch_size");
        Assert.Contains($"var-id={_first}", page.Url, StringComparison.Ordinal);
        Assert.Empty(_complaints);
    }

    private async Task<IPage> Open(IBrowserContext profile, string address)
    {
        await profile.APIRequest.GetAsync(_host.Address + "/test-sign-in?role=viewer");
        var page = await profile.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => _complaints.Add(error);
        await page.GotoAsync(_host.Address + address);
        return page;
    }
}
