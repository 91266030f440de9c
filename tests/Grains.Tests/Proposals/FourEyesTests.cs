using EnergyTTT.Contracts.Access;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Proposals;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Grains.Tests.Rollouts;
using EnergyTTT.History.Audits;
using EnergyTTT.Wire.Access;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;
using Npgsql;
using Xunit;

namespace EnergyTTT.Grains.Tests.Proposals;

/// <summary>Four eyes, asked of the grains themselves: whatever a page or an endpoint forgot, nobody approves what is their own.</summary>
public sealed class FourEyesTests : IAsyncLifetime
{
    private static readonly PolicyDocument Guarded = new() { Approval = ApprovalRule.Required };
    private RolloutCluster _cluster = null!; // set in InitializeAsync

    public async Task InitializeAsync() => _cluster = await RolloutCluster.Start(1);

    public async Task DisposeAsync()
    {
        RequestContext.Clear();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task A_change_waits_until_another_person_approves_and_takes_effect_with_both_names()
    {
        var before = await _cluster.Save("deployment/a", Guarded);
        var change = Guarded with { HoldOutShare = 0.2 };

        var saved = await As("ada", "deployment/a").Save(new(change, "more proof"), before.Version, "ada");

        Assert.Equal((PolicyOutcome.Proposed, before.Version), (saved.Outcome, (await Policy("deployment/a").Current()).Version));
        var proposal = saved.Proposal!; // proposed is of a proposal
        Assert.Equal(("ada", "more proof", change, ProposalState.Pending), (proposal.Author, proposal.Reason, proposal.Document, proposal.State));
        Assert.Equal(ProposalOutcome.NotYours, (await Decide("ada", proposal.Id)).Outcome);
        Assert.Equal(ProposalOutcome.NotYours, (await Decide("ADA", proposal.Id)).Outcome);
        Assert.Equal(ProposalOutcome.NotYours, (await Decide("key/Ab12Cd34", proposal.Id)).Outcome);
        Assert.Equal(ProposalOutcome.Unknown, (await As("bob", "fleet").Decide(proposal.Id, ProposalVerdict.Approve, null, "bob")).Outcome);

        var approved = await Decide("bob", proposal.Id, reason: "looks right");

        var inForce = await Policy("deployment/a").Current();
        Assert.Equal((ProposalOutcome.Done, ProposalState.Approved, inForce.Version), (approved.Outcome, approved.Proposal!.State, approved.Proposal.Version.GetValueOrDefault()));
        Assert.Equal((change, "ada", "bob"), (inForce.Document, inForce.Author, inForce.ApprovedBy));
        Assert.Equal(ProposalOutcome.Over, (await Decide("carl", proposal.Id)).Outcome);
        var entries = await Audit("policy/deployment/a");
        Assert.Equal([("person/ada", "policy.save"), ("person/ada", "policy.propose"), ("person/bob", "policy.approve"), ("person/ada", "policy.save")], entries.Select(entry => (entry.Actor, entry.Action)));
        Assert.Contains("\"author\":\"ada\"", entries[2].Detail, StringComparison.Ordinal);
        Assert.Contains("\"approved_by\":\"bob\"", entries[3].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lowering_the_requirement_takes_the_approval_too_also_where_it_is_inherited_or_a_wider_scope_reaches()
    {
        var fleet = await _cluster.Save("fleet", new() { TargetPowerWatts = 300 });
        await _cluster.Save("deployment/b", Guarded);

        // By itself, from a wider one, and what a wider one would change in it.
        Assert.Equal(PolicyOutcome.Proposed, (await As("ada", "deployment/b").Save(new(new(), "no more questions"), (await Policy("deployment/b").Current()).Version, "ada")).Outcome);
        Assert.Equal(PolicyOutcome.Proposed, (await As("ada", "fleet").Save(new(new() { TargetPowerWatts = 250 }, "reaches b"), fleet.Version, "ada")).Outcome);
        var unreached = await As("ada", "fleet").Save(new(new() { TargetPowerWatts = 300, PowerCapRatio = 0.9 }, "of the hardware: does not reach b"), fleet.Version, "ada");
        Assert.Equal(PolicyOutcome.Saved, unreached.Outcome);

        var asked = await As("ada", "fleet").Save(new(unreached.Current.Document with { Approval = ApprovalRule.Required }, "for all"), unreached.Current.Version, "ada");
        Assert.Equal(ProposalOutcome.Done, (await As("bob", "fleet").Decide(asked.Proposal!.Id, ProposalVerdict.Approve, null, "bob")).Outcome); // it reaches b
        Assert.Equal(PolicyOutcome.Proposed, (await As("ada", "deployment/c").Save(new(new() { Approval = ApprovalRule.None }, "not here"), 0, "ada")).Outcome);
        Assert.Equal(PolicyOutcome.Proposed, (await As("ada", "rack/r1").Save(new(new() { PowerCapRatio = 0.8 }, "cooler"), 0, "ada")).Outcome);
    }

    [Fact]
    public async Task Of_two_proposals_from_one_version_the_second_is_overtaken_and_one_that_two_approve_becomes_one_version()
    {
        var before = await _cluster.Save("deployment/d", Guarded);
        var first = await Propose("deployment/d", "ada", Guarded with { HoldOutShare = 0.2 }, before.Version);
        var second = await Propose("deployment/d", "ada", Guarded with { HoldOutShare = 0.3 }, before.Version);

        var policy = Policy("deployment/d");
        var both = await Task.WhenAll(((string[])["bob", "carl"]).Select(name => Task.Run(() => As(name, "deployment/d").Decide(first.Id, ProposalVerdict.Approve, null, name))));

        Assert.Equal([ProposalOutcome.Done, ProposalOutcome.Over], both.Select(one => one.Outcome).Order());
        Assert.Equal(0.2, (await policy.Current()).Document.HoldOutShare);
        Assert.Equal(ProposalOutcome.Conflict, (await Decide("bob", second.Id, scope: "deployment/d")).Outcome);
        Assert.Equal(PolicyOutcome.Conflict, (await As("ada", "deployment/d").Save(new(Guarded, "late"), before.Version, "ada")).Outcome);
        Assert.Equal(ProposalOutcome.NotYours, (await As("bob", "deployment/d").Decide(second.Id, ProposalVerdict.Withdraw, null, "bob")).Outcome);
        Assert.Equal(ProposalState.Withdrawn, (await As("ada", "deployment/d").Decide(second.Id, ProposalVerdict.Withdraw, null, "ada")).Proposal!.State);
    }

    [Fact]
    public async Task A_rejected_and_an_expired_proposal_never_take_effect()
    {
        var before = await _cluster.Save("deployment/e", Guarded);
        var rejected = await Propose("deployment/e", "ada", Guarded with { HoldOutShare = 0.2 }, before.Version);
        var expired = await Propose("deployment/e", "ada", Guarded with { HoldOutShare = 0.3 }, before.Version);

        Assert.Equal("reason", (await As("bob", "deployment/e").Decide(rejected.Id, ProposalVerdict.Reject, " ", "bob")).Mistakes.Single().Field);
        Assert.Equal(ProposalState.Rejected, (await As("bob", "deployment/e").Decide(rejected.Id, ProposalVerdict.Reject, "too much", "bob")).Proposal!.State);
        await Run($"update policy.proposal set expires_at = now() - interval '1 second' where proposal = {expired.Id}");

        Assert.Equal(ProposalOutcome.Over, (await Decide("bob", rejected.Id, scope: "deployment/e")).Outcome);
        var late = await Decide("bob", expired.Id, scope: "deployment/e");
        Assert.Equal((ProposalOutcome.Over, ProposalState.Expired), (late.Outcome, late.Proposal!.State));
        Assert.Equal(before.Version, (await Policy("deployment/e").Current()).Version);
        Assert.Equal(["policy.save", "policy.propose", "policy.propose", "policy.reject"], (await Audit("policy/deployment/e")).Select(entry => entry.Action));
    }

    [Fact]
    public async Task A_rollout_waits_too_and_one_that_is_older_than_the_requirement_is_not_promoted_without_it()
    {
        await _cluster.Describe("f", 4);
        await _cluster.Describe("g", 4);
        var older = await _cluster.Roll("deployment/g", new() { Document = new() { Strategy = "Baseline" }, Reason = "before anybody asked", Share = 0.5 });
        var guarded = await _cluster.Save("deployment/f", Guarded);
        var asked = await As("ada", "deployment/f").Roll(new() { Document = Guarded with { Strategy = "Baseline" }, Reason = "try it", Share = 1 }, guarded.Version, "ada");
        Assert.Equal((RolloutOutcome.Proposed, null), (asked.Outcome, asked.Rollout));

        var approved = await Decide("bob", asked.Proposal!.Id, scope: "deployment/f");

        Assert.Equal(ProposalOutcome.Done, approved.Outcome);
        RequestContext.Clear();
        await RolloutCluster.Until(async () => (await _cluster.Deployment("f").Vitals()).Applied is { IsEmpty: false } applied && applied.All(one => one == approved.Proposal!.Version), "the approved version in every router");
        var running = (await _cluster.Rollout(1 + older.Id).Progress())!.Rollout; // the one that followed
        Assert.Equal(("ada", "bob", RolloutState.Running), (running.Author, running.ApprovedBy, running.State));
        Assert.Equal(RolloutOutcome.Done, (await As("ada", "deployment/f").Act(running.Id, RolloutAction.Promote, new("it went well"), "ada")).Outcome);
        Assert.Equal(("ada", "bob"), ((await Policy("deployment/f").Current()).Author, (await Policy("deployment/f").Current()).ApprovedBy));

        // The fleet asks for approval now: what nobody approved goes no further, and may always be taken back.
        var fleet = await As("ada", "fleet").Save(new(Guarded, "from now on"), 0, "ada");
        Assert.Equal(ProposalOutcome.Done, (await As("bob", "fleet").Decide(fleet.Proposal!.Id, ProposalVerdict.Approve, null, "bob")).Outcome);
        var refused = await As("ada", "deployment/g").Act(older.Id, RolloutAction.Promote, new("now"), "ada");
        Assert.Equal((RolloutOutcome.Refused, "approval"), (refused.Outcome, refused.Mistakes.Single().Field));
        Assert.Equal(RolloutOutcome.Done, (await As("ada", "deployment/g").Act(older.Id, RolloutAction.RollBack, new("proposed anew"), "ada")).Outcome);
    }

    [Fact]
    public async Task A_machine_changes_nothing_that_takes_two_people_and_nobody_signs_for_another()
    {
        var before = await _cluster.Save("deployment/h", Guarded);

        var machine = await As("key/Ab12Cd34", "deployment/h").Save(new(Guarded with { HoldOutShare = 0.1 }, "by a script"), before.Version, "key/Ab12Cd34");

        Assert.Equal((PolicyOutcome.Refused, "approval"), (machine.Outcome, machine.Mistakes.Single().Field));
        var proposal = await Propose("deployment/h", "ada", Guarded with { HoldOutShare = 0.2 }, before.Version);
        await Assert.ThrowsAsync<NotAllowedException>(() => As("ada", "deployment/h").Decide(proposal.Id, ProposalVerdict.Approve, null, "bob"));
        await Assert.ThrowsAsync<NotAllowedException>(() => As("bob", "deployment/h").Save(new(Guarded, "not me"), before.Version, "ada"));
        Caller.Set(new("person/bob", "operator", ["deployment/other"]));
        await Assert.ThrowsAsync<NotAllowedException>(() => Policy("deployment/h").Decide(proposal.Id, ProposalVerdict.Approve, null, "bob"));
        Caller.Set(new("person/vera", "viewer", []));
        await Assert.ThrowsAsync<NotAllowedException>(() => Policy("deployment/h").Decide(proposal.Id, ProposalVerdict.Approve, null, "vera"));
        Assert.Equal(before.Version, (await As("ada", "deployment/h").Current()).Version);
    }

    [Fact]
    public async Task The_database_itself_refuses_a_version_that_its_author_approved()
    {
        await _cluster.Save("deployment/i", Guarded);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => Run("insert into policy.version (version, scope, document, author, reason, created_at, approved_by) values (nextval('policy.version_number'), 'deployment/i', '{}', 'ada', 'x', now(), 'ada')"));

        Assert.Equal("ck_version_four_eyes", refusal.ConstraintName);
    }

    private IPolicyGrain Policy(string scope) => _cluster.Policy(scope);

    private async Task<PolicyProposal> Propose(string scope, string author, PolicyDocument document, long expected) =>
        (await As(author, scope).Save(new(document, "because"), expected, author)).Proposal!; // of a scope that asks for approval

    private Task<ProposalDecision> Decide(string name, long proposal, string? reason = null, string scope = "deployment/a") => As(name, scope).Decide(proposal, ProposalVerdict.Approve, reason, name);

    /// <summary>The policy of a scope, asked by a person (or a machine) who may operate everything.</summary>
    private IPolicyGrain As(string name, string scope)
    {
        Caller.Set(new(Actors.Of(name), "operator", []));
        return Policy(scope);
    }

    private async Task<IReadOnlyList<AuditEntry>> Audit(string subject)
    {
        await using var source = NpgsqlDataSource.Create(_cluster.ConnectionString);
        return await new AuditLog(source, TimeProvider.System).Read(new AuditFilter(Subject: subject), null, oldestFirst: true, 100, CancellationToken.None);
    }

    private async Task Run(string sql)
    {
        await using var source = NpgsqlDataSource.Create(_cluster.ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
