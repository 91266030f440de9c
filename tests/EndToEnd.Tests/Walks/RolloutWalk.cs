using Deque.AxeCore.Playwright;
using EnergyTTT.EndToEnd.Tests.Products;
using Microsoft.Playwright;
using Xunit;

namespace EnergyTTT.EndToEnd.Tests.Walks;

/// <summary>Edit, diff, what-if, canary, roll back, promote, audit: all by keyboard, with axe in both themes while a rollout is open and on the audit's page.</summary>
[Collection(ProductCollection.Name)]
public sealed class RolloutWalk(ProductFixture product)
{
    [Fact]
    public async Task A_draft_is_foretold_tried_on_a_part_and_rolled_back_and_the_next_is_promoted_all_by_keyboard()
    {
        var page = await product.SignedIn();
        await page.GotoAsync("/policies");
        await page.Locator(".frame[data-live]").WaitForAsync(new() { Timeout = 60_000 });
        await page.Locator("[data-testid^=scope-deployment-]").First.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByTestId("field-power_cap_ratio")).ToHaveCountAsync(0);

        await page.GetByTestId("own-retained_mass_min").FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await page.GetByTestId("in-retained_mass_min").FocusAsync();
        await page.Keyboard.PressAsync("Control+A");
        // So little that no guard takes it back before the person does.
        await page.Keyboard.TypeAsync("0.945");
        await page.Keyboard.PressAsync("Tab");
        await Assertions.Expect(page.GetByTestId("what-if")).ToContainTextAsync("through this draft");
        await Assertions.Expect(page.GetByTestId("diff").First).ToContainTextAsync("0.945");
        await Start("a little more of the mass may go");
        await Assertions.Expect(page.GetByTestId("rollout-converged")).ToContainTextAsync("chosen routers apply it");
        await Assertions.Expect(page.GetByTestId("guards")).ToBeVisibleAsync();

        foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = theme });
            await page.ScreenshotAsync(new() { Path = Path.Combine(ProductFixture.Screenshots, $"rollout-{theme.ToString().ToLowerInvariant()}.png"), FullPage = true });
            Assert.Empty((await page.RunAxe()).Violations.Select(violation => $"{theme} {violation.Id}: {string.Join(" | ", violation.Nodes.Select(node => node.Html).Take(3))}"));
        }

        await page.GetByTestId("rollout-reason").FocusAsync();
        await page.Keyboard.TypeAsync("seen enough");
        await Press("roll-back");
        await Assertions.Expect(page.GetByTestId("rollout-ended")).ToContainTextAsync("was rolled back");

        await page.GetByTestId("own-target_latency_ms").FocusAsync();
        await page.Keyboard.PressAsync("Space");
        await Start("a target that changes nothing else");
        await Assertions.Expect(page.GetByTestId("promote")).ToBeVisibleAsync();
        await Press("promote");
        await Assertions.Expect(page.GetByTestId("rollout-ended")).ToContainTextAsync("was promoted");

        await page.GetByTestId("nav-audit").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await page.WaitForURLAsync("**/audit*");
        foreach (var deed in new[] { "rollout.start", "rollout.rolled_back", "rollout.promoted" })
        {
            await Assertions.Expect(page.Locator("tbody tr", new() { HasText = deed }).First).ToContainTextAsync("person/" + ProductFixture.UserName);
        }

        foreach (var theme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            await page.EmulateMediaAsync(new() { ColorScheme = theme });
            Assert.Empty((await page.RunAxe()).Violations.Select(violation => $"{theme} {violation.Id}: {string.Join(" | ", violation.Nodes.Select(node => node.Html).Take(3))}"));
        }

        await page.Context.CloseAsync();

        async Task Start(string reason)
        {
            await page.GetByTestId("reason").FocusAsync();
            await page.Keyboard.TypeAsync(reason);
            await page.GetByTestId("share").FocusAsync();
            await page.Keyboard.PressAsync("Control+A");
            await page.Keyboard.TypeAsync("50");
            await page.Keyboard.PressAsync("Tab");
            await Press("start-rollout");
        }

        async Task Press(string button)
        {
            await page.GetByTestId(button).FocusAsync();
            await page.Keyboard.PressAsync("Enter");
        }
    }
}
