using Bunit;
using EnergyTTT.Portal.Components.Pages.Policies;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Rollouts;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.Portal.Tests.Components;

public sealed class RolloutCardTests : IDisposable
{
    private readonly PageContext _page = new();

    public void Dispose() => _page.Dispose();

    [Fact]
    public void A_draft_is_tried_on_a_share_watched_paused_and_rolled_back_with_a_reason()
    {
        _page.Become("operator");
        var page = Show();
        page.Find("[data-testid=own-mode]").Change(true);
        page.Find("[data-testid=in-mode]").Change("enforce");
        page.Find("[data-testid=reason]").Input("carefully");
        page.Find("[data-testid=share]").Change("250");
        page.Find("[data-testid=start-rollout]").Click();
        Assert.Contains("above 0 to 100 expected", page.Find("[data-testid=mistakes]").TextContent, StringComparison.Ordinal);

        page.Find("[data-testid=share]").Change("25");
        page.Find("[data-testid=guard-joules]").Change("three");
        page.Find("[data-testid=start-rollout]").Click();
        Assert.Contains("'Joules per token may rise by' is 'three' %", page.Find("[data-testid=mistakes]").TextContent, StringComparison.Ordinal);
        page.Find("[data-testid=guard-joules]").Change("3");
        page.Find("[data-testid=guard-mass]").Change("");
        page.Find("[data-testid=promote-after]").Change("30");
        page.Find("[data-testid=start-rollout]").Click();

        page.WaitForAssertion(() => Assert.Contains("1 of 2", page.Find("[data-testid=rollout-converged]").TextContent, StringComparison.Ordinal));
        Assert.Equal((0.1, null, 0.03, 0.02), (_page.Policies.Tried!.Rollout.Plan.Guards.LatencyP95RiseMax!.Value, _page.Policies.Tried.Rollout.Plan.Guards.RetainedMassFallMax, _page.Policies.Tried.Rollout.Plan.Guards.JoulesPerTokenRiseMax!.Value, _page.Policies.Tried.Rollout.Plan.Guards.ErrorShareMax!.Value));
        Assert.Equal((0.25, 1800), (_page.Policies.Tried!.Rollout.Plan.Share, _page.Policies.Tried.Rollout.Plan.PromoteAfterSeconds));
        Assert.Equal(["0", "2", "1", "0"], page.FindAll(".rollout-cells i").Select(cell => cell.GetAttribute("data-state")));
        Assert.Equal("1 routers apply the new version, 1 are chosen and not there yet, 2 keep another", page.Find(".rollout-cells").GetAttribute("aria-label"));
        Assert.Contains("holds", page.Find("[data-testid=guards]").TextContent, StringComparison.Ordinal);

        page.Find("[data-testid=pause]").Click();
        page.WaitForAssertion(() => Assert.Equal("Resume", page.Find("[data-testid=pause]").TextContent));
        page.Find("[data-testid=roll-back]").Click();
        Assert.Contains("needs a reason", page.Find("[data-testid=rollout-said]").TextContent, StringComparison.Ordinal);
        page.Find("[data-testid=rollout-reason]").Input("too slow");
        page.Find("[data-testid=roll-back]").Click();

        page.WaitForAssertion(() => Assert.Contains("was rolled back by ada", page.Find("[data-testid=rollout-ended]").TextContent, StringComparison.Ordinal));
        Assert.Equal([RolloutAction.Pause, RolloutAction.RollBack], _page.Policies.Acts.Select(act => act.Action));
        Assert.Equal(("too slow", "ada"), (_page.Policies.Acts[1].Order.Reason, _page.Policies.Acts[1].Actor));
    }

    [Fact]
    public async Task A_viewer_watches_and_can_do_nothing_by_any_way()
    {
        await _page.Policies.Roll("fleet", new() { Document = new(), Reason = "x" }, 0, "bob", CancellationToken.None);
        var page = Show();

        Assert.Single(page.FindAll("[data-testid=rollout]"));
        Assert.Empty(page.FindAll("[data-testid=promote], [data-testid=roll-back], [data-testid=start-rollout]"));
        var desk = _page.Services.GetRequiredService<PolicyDesk>();
        Assert.Null(await desk.Act("fleet", 7, RolloutAction.Promote, new()));
        Assert.Null(await desk.Roll("fleet", new() { Document = new(), Reason = "mischief" }, 0));
        Assert.Empty(_page.Policies.Acts);
    }

    private IRenderedComponent<PoliciesPage> Show()
    {
        _page.GoTo("/policies");
        return _page.Render<PoliciesPage>();
    }
}
