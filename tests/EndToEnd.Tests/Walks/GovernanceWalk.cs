using EnergyTTT.EndToEnd.Tests.Products;
using Microsoft.Playwright;
using Xunit;

namespace EnergyTTT.EndToEnd.Tests.Walks;

[Collection(ProductCollection.Name)]
public sealed class GovernanceWalk(ProductFixture product)
{
    [Fact]
    public async Task A_policy_is_saved_looked_up_and_restored_and_two_editors_lose_nothing()
    {
        var mine = await product.SignedIn();
        await mine.GotoAsync("/policies");
        await Live(mine);
        var before = await mine.Locator("a[data-testid^=version-]").CountAsync();
        await Set(mine, "target_power_watts", "250");
        await Save(mine, "winter");
        await Assertions.Expect(mine.GetByTestId("policy-said")).ToContainTextAsync("is in force");

        var theirs = await product.SignedIn();
        await theirs.GotoAsync("/policies");
        await Live(theirs);
        await Assertions.Expect(theirs.GetByTestId("in-target_power_watts")).ToHaveValueAsync("250");
        await Set(mine, "target_power_watts", "300");
        await Set(mine, "target_latency_ms", "12");
        await theirs.GetByTestId("in-target_power_watts").FillAsync("275");
        await Save(theirs, "a compromise");
        await Assertions.Expect(theirs.GetByTestId("policy-said")).ToContainTextAsync("is in force");

        await Save(mine, "more");
        await Assertions.Expect(mine.GetByTestId("conflict")).ToBeVisibleAsync();
        await mine.GetByTestId("mine-target_power_watts").CheckAsync();
        await mine.GetByTestId("settle").ClickAsync();
        await mine.GetByTestId("save").ClickAsync();
        await Assertions.Expect(mine.GetByTestId("policy-said")).ToContainTextAsync("is in force");
        await Assertions.Expect(mine.GetByTestId("in-target_latency_ms")).ToHaveValueAsync("12");

        await mine.GetByTestId("versions").Locator("tbody tr", new() { HasText = "winter" }).Locator("a").ClickAsync();
        await mine.GetByTestId("restore-reason").FillAsync("back to the start");
        await mine.GetByTestId("restore").ClickAsync();
        await Assertions.Expect(mine.GetByTestId("restore-said")).ToContainTextAsync("is in force");
        await Assertions.Expect(mine.GetByTestId("in-target_power_watts")).ToHaveValueAsync("250");
        await Assertions.Expect(mine.Locator("a[data-testid^=version-]")).ToHaveCountAsync(before + 4);
        await mine.ScreenshotAsync(new() { Path = Path.Combine(ProductFixture.Screenshots, "policies-light.png") });
        await mine.Context.CloseAsync();
        await theirs.Context.CloseAsync();
    }

    private static Task Live(IPage page) => page.Locator(".frame[data-live]").WaitForAsync(new() { Timeout = 60_000 });

    private static async Task Set(IPage page, string field, string value)
    {
        await page.GetByTestId("own-" + field).CheckAsync();
        await page.GetByTestId("in-" + field).FillAsync(value);
    }

    private static async Task Save(IPage page, string reason)
    {
        await page.GetByTestId("reason").FillAsync(reason);
        await page.GetByTestId("save").ClickAsync();
    }
}
