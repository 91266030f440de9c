using EnergyTTT.EndToEnd.Tests.Products;
using Microsoft.Playwright;
using Xunit;

namespace EnergyTTT.EndToEnd.Tests.Walks;

[Collection(ProductCollection.Name)]
public sealed class SignInWalk(ProductFixture product)
{
    [Fact]
    public async Task A_stranger_is_asked_to_sign_in_and_comes_back_to_the_page_that_was_wanted()
    {
        var page = await product.Stranger();

        await page.GotoAsync("/fleet?from=now-15m&to=now");
        await page.WaitForURLAsync("**/sign-in*");
        await page.GetByTestId("user-name").FillAsync(ProductFixture.UserName);
        await page.GetByTestId("password").FillAsync(ProductFixture.Password);
        await page.GetByTestId("submit").ClickAsync();

        await page.GetByTestId("heatmap").First.WaitForAsync();
        Assert.Contains("/fleet?from=now-15m&to=now", page.Url, StringComparison.Ordinal);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_wrong_password_is_refused_without_saying_which_half_was_wrong()
    {
        var page = await product.Stranger();
        await page.GotoAsync("/sign-in");

        var answers = new List<string>();
        foreach (var name in new[] { ProductFixture.UserName, "nobody" })
        {
            await page.GetByTestId("user-name").FillAsync(name);
            await page.GetByTestId("password").FillAsync("not the password at all");
            await page.GetByTestId("submit").ClickAsync();
            answers.Add(await page.GetByTestId("problem").InnerTextAsync());
        }

        Assert.Equal(answers[0], answers[1]);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Set_up_is_closed_once_an_administrator_exists()
    {
        var page = await product.Stranger();

        await page.GotoAsync("/setup");

        Assert.Equal(0, await page.GetByTestId("setup-form").CountAsync());
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task No_request_leaves_the_origin_and_nothing_breaks_the_content_security_policy()
    {
        var page = await product.SignedIn();
        var foreign = new List<string>();
        var complaints = new List<string>();
        page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith(product.Address, StringComparison.Ordinal) && !request.Url.StartsWith("data:", StringComparison.Ordinal) && !request.Url.StartsWith("ws://127.0.0.1", StringComparison.Ordinal))
            {
                foreign.Add(request.Url);
            }
        };
        page.Console += (_, message) =>
        {
            if (message.Type is "error")
            {
                complaints.Add(message.Text);
            }
        };

        foreach (var path in new[] { "/", "/fleet", "/gpus", "/deployments", "/policies", "/account" })
        {
            await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.NetworkIdle });
        }

        Assert.Empty(foreign);
        Assert.Empty(complaints);
        await page.Context.CloseAsync();
    }
}
