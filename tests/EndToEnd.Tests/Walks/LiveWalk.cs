using EnergyTTT.EndToEnd.Tests.Products;
using Microsoft.Playwright;
using Xunit;

namespace EnergyTTT.EndToEnd.Tests.Walks;

[Collection(ProductCollection.Name)]
public sealed class LiveWalk(ProductFixture product)
{
    [Fact]
    public async Task The_overview_shows_64_replayed_and_64_simulated_GPUs_whose_power_changes_by_itself()
    {
        var page = await product.SignedIn();
        await page.GotoAsync("/");

        await Assertions.Expect(page.GetByTestId("gpus-live").Locator(".number")).ToHaveTextAsync("128", new() { Timeout = 120_000 });
        var before = await page.GetByTestId("fleet-power").Locator(".number").InnerTextAsync();
        await Assertions.Expect(page.GetByTestId("fleet-power").Locator(".number")).Not.ToHaveTextAsync(before, new() { Timeout = 15_000 });
        await Assertions.Expect(page.GetByText("replayed", new() { Exact = false }).First).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("simulated", new() { Exact = false }).First).ToBeVisibleAsync();

        await page.ScreenshotAsync(new() { Path = Path.Combine(ProductFixture.Screenshots, "overview-light.png") });
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_click_in_the_heat_map_leads_to_a_GPU_and_its_range_survives_reload_and_back()
    {
        var page = await product.SignedIn();
        await page.GotoAsync("/fleet");
        await page.GetByTestId("heatmap").First.WaitForAsync();
        await page.ScreenshotAsync(new() { Path = Path.Combine(ProductFixture.Screenshots, "fleet-light.png") });

        await page.GotoAsync("/gpus");
        await page.GetByTestId("gpu-grid").Locator("a").First.ClickAsync();
        await page.GetByTestId("passport").WaitForAsync();
        await page.GetByTestId("range").ClickAsync();
        await page.GetByTestId("range-now-1h").ClickAsync();
        await page.WaitForURLAsync("**from=now-1h**");
        await page.ReloadAsync();

        Assert.Contains("from=now-1h", page.Url, StringComparison.Ordinal);
        Assert.Contains("hour", await page.GetByTestId("range-name").InnerTextAsync(), StringComparison.Ordinal);
        await page.Locator("[data-testid^=chart-] canvas").First.WaitForAsync();
        await page.ScreenshotAsync(new() { Path = Path.Combine(ProductFixture.Screenshots, "gpu-light.png"), FullPage = true });
        await page.GoBackAsync();
        Assert.DoesNotContain("from=now-1h", page.Url, StringComparison.Ordinal);
        await page.Context.CloseAsync();
    }
}
