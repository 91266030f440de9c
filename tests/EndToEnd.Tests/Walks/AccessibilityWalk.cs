using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using EnergyTTT.EndToEnd.Tests.Products;
using Microsoft.Playwright;
using Xunit;

namespace EnergyTTT.EndToEnd.Tests.Walks;

[Collection(ProductCollection.Name)]
public sealed partial class AccessibilityWalk(ProductFixture product)
{
    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Unwritable();

    public static TheoryData<string, ColorScheme, int> Views
    {
        get
        {
            var views = new TheoryData<string, ColorScheme, int>();
            // Light and wide, dark and narrow: the portal's own tests look at every combination with a fleet of their own.
            foreach (var path in new[] { "/", "/fleet", "/gpus", "/gpu", "/deployments", "/policies", "/alerts", "/alerts?var-tab=rules&var-edit=memory-hot", "/alerts?var-tab=quiet", "/account" })
            {
                views.Add(path, ColorScheme.Light, 1440);
                views.Add(path, ColorScheme.Dark, 390);
            }

            return views;
        }
    }

    [Theory]
    [MemberData(nameof(Views))]
    public async Task A_page_has_no_violation_of_any_rule_in_any_theme_or_width(string path, ColorScheme theme, int width)
    {
        var page = await product.SignedIn(theme, width, width < 500 ? 844 : 900);
        if (path == "/gpu")
        {
            await page.GotoAsync("/gpus");
            path = await page.GetByTestId("gpu-grid").Locator("a").First.GetAttributeAsync("href") ?? "/gpus";
        }

        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });
        await page.Locator("h1").First.WaitForAsync();
        var name = path.StartsWith("/gpus?", StringComparison.Ordinal) ? "gpu" : path.Trim('/') is { Length: > 0 } word ? Unwritable().Replace(word, "-") : "overview";
        await page.ScreenshotAsync(new() { Path = Path.Combine(ProductFixture.Screenshots, $"{name}-{theme.ToString().ToLowerInvariant()}-{width}.png"), FullPage = true });
        var result = await page.RunAxe();

        Assert.Empty(result.Violations.Select(violation => $"{violation.Id}: {string.Join(" | ", violation.Nodes.Select(node => node.Html).Take(3))}"));
        Assert.True(result.Passes.Length > 10, "axe looked at almost nothing");
        await page.Context.CloseAsync();
    }

    [Theory]
    [InlineData("/sign-in", ColorScheme.Light)]
    [InlineData("/sign-in", ColorScheme.Dark)]
    public async Task The_door_has_no_violation_either(string path, ColorScheme theme)
    {
        var page = await product.Stranger();
        await page.EmulateMediaAsync(new() { ColorScheme = theme });
        await page.GotoAsync(path);

        Assert.Empty((await page.RunAxe()).Violations.Select(violation => violation.Id));
        await page.Context.CloseAsync();
    }
}
