using Bunit;
using EnergyTTT.Contracts.Proposals;
using EnergyTTT.Portal.Components.Pages.Policies;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.Portal.Tests.Components;

public sealed class ProposalCardTests : IDisposable
{
    private static readonly PolicyDocument Guarded = new() { Approval = ApprovalRule.Required };
    private readonly PageContext _page = new();

    public void Dispose() => _page.Dispose();

    [Fact]
    public async Task A_save_in_a_scope_that_asks_for_approval_waits_and_its_author_can_only_withdraw()
    {
        await _page.Policies.By("bob", "fleet", Guarded);
        _page.Become("operator");
        var page = Show();
        Assert.Contains("waits until another person has approved it", page.Find("[data-testid=asks-approval]").TextContent, StringComparison.Ordinal);
        Assert.Equal("Propose to a second person", page.Find("[data-testid=save]").TextContent);
        page.Find("[data-testid=own-mode]").Change(true);
        page.Find("[data-testid=in-mode]").Change("enforce");
        page.Find("[data-testid=reason]").Input("the pilot went well");
        page.Find("[data-testid=save]").Click();

        page.WaitForAssertion(() => Assert.Equal("Proposal 1 waits for another person to approve it.", page.Find("[data-testid=policy-said]").TextContent));
        page.WaitForAssertion(() => Assert.Contains("enforce", page.Find("[data-testid=proposal-1] [data-testid=diff]").TextContent, StringComparison.Ordinal));
        Assert.Equal("1 waiting", page.Find("[data-testid=waiting-fleet]").TextContent.Trim());
        Assert.Empty(page.FindAll("[data-testid=approve], [data-testid=reject]"));
        Assert.Single(_page.Policies.All);
        page.Find("[data-testid=withdraw]").Click();

        page.WaitForAssertion(() => Assert.Contains("withdrawn by ada", page.Find("[data-testid=decided-proposals]").TextContent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Another_person_rejects_with_a_reason_or_approves_and_both_names_stand_on_the_version()
    {
        await _page.Policies.By("bob", "fleet", Guarded);
        await _page.Policies.ProposedBy("bob", "fleet", Guarded with { HoldOutShare = 0.1 }, "more proof");
        await _page.Policies.ProposedBy("bob", "fleet", Guarded with { HoldOutShare = 0.2 }, "even more");
        _page.Become("operator");
        var page = Show();
        Assert.Contains("0.1", page.Find("[data-testid=proposal-1] [data-testid=diff]").TextContent, StringComparison.Ordinal);
        page.Find("[data-testid=proposal-2] [data-testid=reject]").Click();
        Assert.Contains("needs a reason", page.Find("[data-testid=proposal-2] [data-testid=proposal-said]").TextContent, StringComparison.Ordinal);
        page.Find("[data-testid=proposal-2] [data-testid=proposal-reason]").Input("one is enough");
        page.Find("[data-testid=proposal-2] [data-testid=reject]").Click();
        page.WaitForAssertion(() => Assert.Contains("rejected by ada: one is enough", page.Find("[data-testid=decided-proposals]").TextContent, StringComparison.Ordinal));

        page.Find("[data-testid=proposal-1] [data-testid=approve]").Click();

        page.WaitForAssertion(() => Assert.Contains("bob, approved by ada", page.Find("[data-testid=versions]").TextContent, StringComparison.Ordinal));
        Assert.Equal((0.1, "bob", "ada"), (_page.Policies.All[^1].Document.HoldOutShare!.Value, _page.Policies.All[^1].Author, _page.Policies.All[^1].ApprovedBy));
    }

    [Fact]
    public async Task A_proposal_that_was_overtaken_goes_back_into_its_authors_editor_with_every_difference()
    {
        await _page.Policies.By("bob", "fleet", Guarded);
        await _page.Policies.ProposedBy("ada", "fleet", Guarded with { HoldOutShare = 0.1, TargetPowerWatts = 250 });
        var theirs = await _page.Policies.ProposedBy("bob", "fleet", Guarded with { HoldOutShare = 0.2 });
        await _page.Policies.Decide("fleet", theirs.Id, ProposalVerdict.Approve, null, "carl", CancellationToken.None);
        _page.Become("operator");
        var page = Show();
        Assert.Contains("cannot be approved any more", page.Find("[data-testid=proposal-overtaken]").TextContent, StringComparison.Ordinal);

        page.Find("[data-testid=take-up]").Click();

        page.WaitForAssertion(() => Assert.Contains("both changed it", page.Find("[data-testid=merge-hold_out_share]").TextContent, StringComparison.Ordinal));
        Assert.Contains("only you changed it", page.Find("[data-testid=merge-target_power_watts]").TextContent, StringComparison.Ordinal);
        page.Find("[data-testid=mine-hold_out_share]").Change(true);
        page.Find("[data-testid=settle]").Click();
        page.Find("[data-testid=reason]").Input("anew");
        page.Find("[data-testid=save]").Click();
        page.WaitForAssertion(() => Assert.Single(page.FindAll("[data-testid=proposal-3]")));
    }

    [Fact]
    public async Task A_viewer_sees_what_waits_and_decides_nothing_by_any_way()
    {
        await _page.Policies.By("bob", "fleet", Guarded);
        await _page.Policies.ProposedBy("bob", "fleet", Guarded with { HoldOutShare = 0.1 });
        var page = Show();

        Assert.Single(page.FindAll("[data-testid=proposal-1]"));
        Assert.Empty(page.FindAll("[data-testid=approve], [data-testid=reject], [data-testid=withdraw], textarea"));
        Assert.Null(await _page.Services.GetRequiredService<PolicyDesk>().Decide("fleet", 1, ProposalVerdict.Approve, null));
        Assert.Equal(ProposalOutcome.NotYours, (await _page.Policies.Decide("fleet", 1, ProposalVerdict.Approve, null, "bob", CancellationToken.None)).Outcome);
        Assert.Single(_page.Policies.All);
    }

    private IRenderedComponent<PoliciesPage> Show()
    {
        _page.GoTo("/policies");
        return _page.Render<PoliciesPage>();
    }
}
