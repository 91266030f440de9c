using EnergyTTT.EndToEnd.Tests.Products;
using Microsoft.Playwright;
using Xunit;

namespace EnergyTTT.EndToEnd.Tests.Walks;

[Collection(ProductCollection.Name)]
public sealed class SteeringWalk(ProductFixture product)
{
    [Fact]
    public async Task A_simulated_deployment_says_that_it_is_and_leads_to_a_router_that_explains_a_route()
    {
        var page = await product.SignedIn();
        await page.GotoAsync("/deployments");
        var first = page.GetByTestId("deployments").Locator("tbody th a").First;
        await first.WaitForAsync(new() { Timeout = 180_000 });
        await Assertions.Expect(page.GetByTestId("deployments").Locator(".origin[data-origin=simulated]").First).ToBeVisibleAsync();
        await first.ClickAsync();

        await page.GetByTestId("simulated").WaitForAsync(new() { Timeout = 60_000 });
        await Assertions.Expect(page.GetByTestId("joules-per-token").Locator(".number")).Not.ToHaveTextAsync("–", new() { Timeout = 120_000 });
        await Assertions.Expect(page.Locator(".watermark").First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByTestId("saving")).ToBeVisibleAsync(new() { Timeout = 120_000 });
        Assert.DoesNotContain("saved", await page.GetByTestId("saving").InnerTextAsync(), StringComparison.OrdinalIgnoreCase);
        await page.ScreenshotAsync(new() { Path = Path.Combine(ProductFixture.Screenshots, "deployment-light.png"), FullPage = true });

        await page.GetByTestId("layer-0").ClickAsync();
        await Assertions.Expect(page.GetByTestId("strip-usage").Locator("rect").First).ToBeAttachedAsync(new() { Timeout = 120_000 });
        await Assertions.Expect(page.GetByTestId("explain-sum")).ToContainTextAsync("distinct experts", new() { Timeout = 120_000 });
        await page.ScreenshotAsync(new() { Path = Path.Combine(ProductFixture.Screenshots, "router-light.png"), FullPage = true });
        await page.Context.CloseAsync();
    }
}
