using Deque.AxeCore.Playwright;
using EnergyTTT.Portal.Tests.Fleets;
using EnergyTTT.Portal.Tests.Hosts;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace EnergyTTT.Portal.Tests.Browsers;

/// <summary>What became of a power cap, as the page of a GPU says it.</summary>
[Collection(BrowserCollection.Name)]
public sealed class PowerCapInBrowserTests(Chromium chromium)
{
    [Fact]
    public async Task Each_state_of_a_cap_says_what_was_done_and_why_not()
    {
        await using var host = await PortalHost.Start();
        host.Fleet.Count = 16;
        foreach (var (scheme, width) in new[] { (ColorScheme.Light, 1440), (ColorScheme.Dark, 390) })
        {
            await using var profile = await chromium.Profile(scheme, width);
            var page = await profile.NewPageAsync();
            await page.GotoAsync(host.Address + "/test-sign-in?role=viewer");
            foreach (var (gpu, says) in new[]
            {
                (1, "advised 490 Wnothing is written to the card, policy version 12"), (2, "enforced 490 Wread back from the card, policy version 12"), (3, "refused 490 Wthe driver says: no permission, policy version 12"),
                (4, "refusedthe card does not say its greatest power limit, which the cap is a share of, policy version 12"),
            })
            {
                await page.GotoAsync($"{host.Address}/gpus?var-gpu={Uri.EscapeDataString(FakeFleet.Id(gpu).Value)}");
                await page.Locator(".frame[data-live]").WaitForAsync(new() { Timeout = 60_000 });
                await Expect(page.GetByTestId("gpu-power-cap")).ToContainTextAsync("Power cap");
                Assert.Equal(says, string.Concat((await page.GetByTestId("gpu-power-cap").Locator("dd span").AllTextContentsAsync()).Select(text => text.Trim())));
                await page.GetByTestId("gpu-power-cap").ScrollIntoViewIfNeededAsync();
                await page.ScreenshotAsync(new() { Path = Path.Combine(Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "screenshots")).FullName, $"power-cap-{gpu}-{scheme}-{width}.png".ToLowerInvariant()) });
                Assert.Empty((await page.RunAxe()).Violations.Select(violation => $"{scheme} {violation.Id}: {string.Join(" | ", violation.Nodes.Select(node => node.Html).Take(3))}"));
            }

            // Where no policy wants one, nothing is said.
            await page.GotoAsync($"{host.Address}/gpus?var-gpu={Uri.EscapeDataString(FakeFleet.Id(5).Value)}");
            await page.Locator(".frame[data-live]").WaitForAsync(new() { Timeout = 60_000 });
            await Expect(page.GetByTestId("gpu-power-cap")).ToHaveCountAsync(0);
        }
    }
}
