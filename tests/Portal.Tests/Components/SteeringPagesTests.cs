using Bunit;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Components.Pages.Deployments;
using EnergyTTT.Portal.Components.Pages.Routers;
using EnergyTTT.Portal.Deployments;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.Portal.Tests.Components;

public sealed class SteeringPagesTests : IDisposable
{
    private readonly PageContext _page = new();

    public void Dispose() => _page.Dispose();

    [Fact]
    public void The_list_says_what_each_deployment_saves_and_what_its_numbers_are()
    {
        var row = Deployments("/deployments").FindAll("[data-testid=deployments] tbody tr")[0].TextContent;

        Assert.Contains("qwen-ams", row, StringComparison.Ordinal);
        Assert.Contains("SIMULATED", row, StringComparison.Ordinal);
        Assert.Contains("simulated effect", row, StringComparison.Ordinal);
        Assert.DoesNotContain("saved", row, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_deployments_the_list_says_how_an_engine_takes_part()
    {
        _page.Steering.Names = [];

        Assert.Contains("v1/deployments", Deployments("/deployments").Find("[data-testid=face-empty]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_saving_is_drawn_with_its_interval_and_with_zero_in_sight()
    {
        _page.Steering.Saving = new(6.1, 4.7, 7.5, 12, "Saving", Origin.Measured);
        var saving = Deployments("/deployments?var-deployment=qwen-ams").Find("[data-testid=saving]");

        Assert.Equal("saved", saving.QuerySelector(".saving-word")?.TextContent);
        Assert.Equal("95 %: 4.70 to 7.50 %, 12 pairs", saving.QuerySelector(".context")?.TextContent);
        Assert.NotNull(saving.QuerySelector(".interval-zero"));
        Assert.Equal(2, saving.QuerySelectorAll(".interval-line").Length);
    }

    [Fact]
    public void A_loss_is_said_as_plainly_as_a_gain()
    {
        _page.Steering.Saving = new(-3.2, -4.1, -2.3, 12, "Loss", Origin.Measured);
        var saving = Deployments("/deployments?var-deployment=qwen-ams").Find("[data-testid=saving]");

        Assert.Equal(("3.20", "lost"), (saving.QuerySelector(".number")?.TextContent, saving.QuerySelector(".saving-word")?.TextContent));
    }

    [Fact]
    public void Too_few_pairs_are_inconclusive_and_draw_no_interval()
    {
        _page.Steering.Saving = new(8, null, null, 1, "Inconclusive", Origin.Measured);
        var saving = Deployments("/deployments?var-deployment=qwen-ams").Find("[data-testid=saving]");

        Assert.Equal("inconclusive", saving.QuerySelector(".saving-word")?.TextContent);
        Assert.Null(saving.QuerySelector(".interval"));
    }

    [Fact]
    public void The_ledger_shows_idle_and_residual_beside_the_experts_and_adds_up()
    {
        var page = Deployments("/deployments?var-deployment=qwen-ams");

        // 10 minutes of 6,000 J counted, 24 layers of 100 + layer joules = 2,676 J of experts, 1,200 J of idling: 2,124 J are left.
        Assert.Contains("60.0 kJ", page.Find("[data-testid=ledger-counter]").TextContent, StringComparison.Ordinal);
        Assert.Contains("26.8 kJ", page.Find("[data-testid=ledger-experts]").TextContent, StringComparison.Ordinal);
        Assert.Contains("12.0 kJ", page.Find("[data-testid=ledger-idle]").TextContent, StringComparison.Ordinal);
        Assert.Contains("21.2 kJ", page.Find("[data-testid=ledger-residual]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_counter_there_is_no_residual_and_the_page_says_why()
    {
        _page.Steering.Counted = false;
        var page = Deployments("/deployments?var-deployment=qwen-ams");

        Assert.Contains("no data", page.Find("[data-testid=ledger-residual]").TextContent, StringComparison.Ordinal);
        Assert.Contains("No engine reports", page.Find("[data-testid=ledger-no-counter]").TextContent, StringComparison.Ordinal);
        Assert.Empty(page.FindAll(".balance-bar"));
    }

    [Fact]
    public void A_replica_that_was_given_requests_but_never_reported_is_said_never_to_have() =>
        Assert.EndsWith("never", Deployments("/deployments?var-deployment=qwen-ams").FindAll("[data-testid=replicas] tbody tr")[3].TextContent.Trim(), StringComparison.Ordinal);

    [Fact]
    public void Simulated_numbers_carry_their_watermark_and_measured_ones_do_not()
    {
        Assert.Equal(3, Deployments("/deployments?var-deployment=qwen-ams").FindAll(".watermark").Count);

        _page.Steering.Origin = Origin.Measured;
        Assert.Empty(Deployments("/deployments?var-deployment=olmoe-fra").FindAll(".watermark, [data-testid=simulated]"));
    }

    [Theory]
    [InlineData("/deployments?var-deployment=nobody", "face-unknown-deployment")]
    [InlineData("/routers", "face-unknown-router")]
    [InlineData("/routers?var-deployment=qwen-ams&var-layer=24", "face-unknown-router")]
    [InlineData("/routers?var-deployment=qwen-ams&var-layer=-1", "face-unknown-router")]
    [InlineData("/routers?var-deployment=qwen-ams&var-layer=x", "face-unknown-router")]
    public void What_does_not_exist_is_said_not_to(string address, string face)
    {
        _page.GoTo(address);
        var missing = address.StartsWith("/routers", StringComparison.Ordinal) ? _page.Render<RoutersPage>().Find($"[data-testid={face}]") : _page.Render<DeploymentsPage>().Find($"[data-testid={face}]");

        Assert.NotNull(missing.QuerySelector("a[href='/deployments']"));
    }

    [Fact]
    public async Task A_failure_shows_the_error_first_and_later_keeps_what_was_known()
    {
        _page.Steering.Failure = new InvalidOperationException("no silo answers");
        var page = Deployments("/deployments");
        Assert.Contains("no silo answers", page.Find("[data-testid=face-error]").TextContent, StringComparison.Ordinal);

        _page.Steering.Failure = null;
        await Pass(page, () => page.FindAll("[data-testid=deployments]").Count == 1);
        _page.Steering.Failure = new InvalidOperationException("no silo answers");
        await Pass(page, () => page.FindAll("[data-testid=face-stale]").Count == 1);

        Assert.NotEmpty(page.FindAll("[data-testid=deployments] tbody tr"));
    }

    [Fact]
    public void A_page_that_begins_anew_begins_with_what_its_person_saw_last_and_with_nothing_of_another()
    {
        Deployments("/deployments");
        _page.Steering.Failure = new InvalidOperationException("no silo answers");

        var again = Deployments("/deployments");
        Assert.NotEmpty(again.FindAll("[data-testid=deployments] tbody tr"));
        Assert.Single(again.FindAll("[data-testid=face-stale]"));

        _page.Become("viewer", "grace");
        Assert.Single(Deployments("/deployments").FindAll("[data-testid=face-error]"));
    }

    [Fact]
    public void A_router_shows_a_bar_for_every_expert_and_the_same_as_a_table()
    {
        var page = Router();

        foreach (var strip in (string[])["usage", "bias", "price", "joules"])
        {
            Assert.Equal(128, page.FindAll($"[data-testid=strip-{strip}] rect").Count);
        }

        Assert.Equal(128, page.FindAll("[data-testid=experts-table] tbody tr").Count);
        Assert.Contains("Most 1.56 %", page.Find("[data-testid=strip-usage] .hint").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void An_epoch_stands_with_what_it_rests_on() =>
        Assert.Contains("the canary saved; saved 6.1 % (95 % interval 4.7 to 7.5 %, 12 pairs)", Router().Find("[data-testid=epochs] tbody tr").TextContent, StringComparison.Ordinal);

    [Fact]
    public void A_route_is_explained_expert_by_expert()
    {
        var page = Router();

        Assert.Contains("97.2 %", page.Find("[data-testid=explain-sum]").TextContent, StringComparison.Ordinal);
        Assert.Contains("44 distinct experts instead of 61", Squeezed(page.Find("[data-testid=explain-sum]").TextContent), StringComparison.Ordinal);
        Assert.Contains("nine others use it", page.FindAll("[data-testid=explain] tbody tr")[2].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void The_choice_of_a_token_is_part_of_the_address()
    {
        var page = Router();

        page.Find("[data-testid=explain-row]").Change("5");

        page.WaitForAssertion(() => Assert.EndsWith("var-chunk=99%40replica-1&var-deployment=qwen-ams&var-layer=3&var-row=5", _page.Services.GetRequiredService<Microsoft.AspNetCore.Components.NavigationManager>().Uri, StringComparison.Ordinal));
    }

    [Fact]
    public void An_operator_rolls_back_after_a_second_click()
    {
        _page.Become("operator");
        var page = Router();
        page.Find("[data-testid=right-6]").Change(true);
        page.Find("[data-testid=roll-back]").Click();
        Assert.Empty(_page.Steering.Deeds);

        page.Find("[data-testid=confirm-yes]").Click();

        page.WaitForAssertion(() => Assert.Equal("Done.", page.Find("[data-testid=machine-said]").TextContent));
        Assert.Equal(["back qwen-ams/3 6"], _page.Steering.Deeds);
    }

    [Fact]
    public void A_refused_deed_says_why_and_can_be_tried_again()
    {
        _page.Become("operator");
        _page.Steering.Refusal = "the snapshot is of another model";
        var page = Router();
        page.Find("[data-testid=right-7]").Change(true);
        page.Find("[data-testid=fork]").Click();
        page.Find("[data-testid=fork-deployment]").Input("olmoe-fra");

        page.Find("[data-testid=confirm-yes]").Click();

        page.WaitForAssertion(() => Assert.Equal("Not done: the snapshot is of another model", page.Find("[data-testid=machine-said]").TextContent));
        Assert.Equal(["fork qwen-ams/3 7 olmoe-fra/3"], _page.Steering.Deeds);
        Assert.NotEmpty(page.FindAll("[data-testid=confirm]"));
    }

    [Fact]
    public void Two_snapshots_are_compared_when_both_are_chosen()
    {
        var page = Router();
        page.Find("[data-testid=left-4]").Change(true);
        Assert.Empty(page.FindAll("[data-testid=comparison]"));

        page.Find("[data-testid=right-8]").Change(true);

        page.WaitForAssertion(() => Assert.Contains("8.40 %", page.Find("[data-testid=comparison]").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_viewer_sees_no_buttons_and_is_refused_on_the_server()
    {
        var page = Router();
        Assert.Empty(page.FindAll("[data-testid=freeze], [data-testid=take-snapshot]"));
        Assert.Single(page.FindAll("[data-testid=only-look]"));

        var desk = _page.Services.GetRequiredService<SteeringDesk>();
        string?[] answers = [await desk.Freeze("qwen-ams", 3, true), await desk.TakeSnapshot("qwen-ams", 3), await desk.RollBack("qwen-ams", 3, 6), await desk.Fork("qwen-ams", 3, 6, "olmoe-fra", 0)];

        Assert.All(answers, answer => Assert.Equal(PersonGuard.Refusal, answer));
        Assert.Empty(_page.Steering.Deeds);
    }

    private static string Squeezed(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));

    // Questions come with the clock; several turns of it may be needed until the component has armed its timer.
    private async Task Pass(IRenderedComponent<DeploymentsPage> page, Func<bool> done)
    {
        for (var turn = 0; turn < 200 && !done(); turn++)
        {
            _page.Clock.Advance(TimeSpan.FromSeconds(2));
            await Task.Delay(10);
        }

        Assert.True(done(), page.Markup);
    }

    private IRenderedComponent<DeploymentsPage> Deployments(string address)
    {
        _page.GoTo(address);
        return _page.Render<DeploymentsPage>();
    }

    private IRenderedComponent<RoutersPage> Router()
    {
        _page.GoTo("/routers?var-deployment=qwen-ams&var-layer=3");
        return _page.Render<RoutersPage>();
    }
}
