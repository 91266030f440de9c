using EnergyTTT.Contracts.Proposals;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>A change that waits for a second person: what it would change, what it would have done, and for who may, the verdict.</summary>
public partial class ProposalCard
{
    private readonly Deed _deed = new();
    private string _reason = "";

    /// <summary>What a person may do.</summary>
    [Inject] public required PolicyDesk Desk { get; set; }

    /// <summary>The proposal.</summary>
    [Parameter, EditorRequired] public required PolicyProposal Proposal { get; set; }

    /// <summary>The version in force in its scope.</summary>
    [Parameter, EditorRequired] public required PolicyVersion Current { get; set; }

    /// <summary>The zone of written times.</summary>
    [Parameter] public string Zone { get; set; } = "browser";

    /// <summary>It was decided.</summary>
    [Parameter] public EventCallback Decided { get; set; }

    /// <summary>Its author wants to go on with it in the editor.</summary>
    [Parameter] public EventCallback<PolicyProposal> TakenUp { get; set; }

    private bool IsOvertaken => Proposal.BaseVersion != Current.Version;

    private bool IsOwn(string? name) => string.Equals(name, Proposal.Author, StringComparison.OrdinalIgnoreCase);

    private async Task Decide(ProposalVerdict verdict)
    {
        if (verdict == ProposalVerdict.Reject && string.IsNullOrWhiteSpace(_reason))
        {
            _deed.Refuse("Rejecting needs a reason, so that its author can follow it.");
            return;
        }

        await _deed.Do("decided", async () => await Desk.Decide(Proposal.Scope, Proposal.Id, verdict, string.IsNullOrWhiteSpace(_reason) ? null : _reason.Trim()) switch
        {
            null => (true, PersonGuard.Refusal),
            { Outcome: ProposalOutcome.Done, Proposal: { } done } => (false, done.Version is { } version ? $"Version {version} {(done.Rollout is null ? "is in force" : "is tried")}." : $"It is {EnumWords.Of(done.State)}."),
            { Outcome: ProposalOutcome.Over, Proposal: { } over } => (true, $"It is {EnumWords.Of(over.State)} already{(over.DecidedBy is null ? "" : $", by {over.DecidedBy}")}."),
            { Outcome: ProposalOutcome.Conflict } => (true, "Another version is in force by now, or a rollout is open in this scope."),
            { Outcome: ProposalOutcome.NotYours } => (true, "Another person than its author decides; only its author withdraws it."),
            { Outcome: ProposalOutcome.Refused } refused => (true, string.Join(" ", refused.Mistakes.Select(mistake => mistake.Reason))),
            _ => (true, "It is not known any more."),
        });
        await Decided.InvokeAsync();
    }
}
