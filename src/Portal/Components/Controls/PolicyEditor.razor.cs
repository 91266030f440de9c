using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>The policy of one scope: what is in effect and where it comes from; for who may, a draft with its mistakes, its diff and its reason.</summary>
public partial class PolicyEditor
{
    private PolicyDraft? _draft;
    private PolicyMerge? _merge;
    private PolicyDocument? _taken;
    private ImmutableArray<PolicyMistake> _mistakes = [];
    private PolicyDocument _document = new();
    private List<string> _refused = [];
    private string _reason = "";
    private string? _said;
    private bool _busy;
    private readonly GuardDraft _guards = new();
    private string _share = "10";
    private string _promoteAfter = "";

    /// <summary>What a person may do.</summary>
    [Inject] public required PolicyDesk Desk { get; set; }

    /// <summary>The address, for links to a field: they must name the page because of the base address.</summary>
    [Inject] public required NavigationManager Navigation { get; set; }

    /// <summary>The version in force.</summary>
    [Parameter, EditorRequired] public required PolicyVersion Current { get; set; }

    /// <summary>The versions in force in the wider scopes, widest first; empty for the fleet.</summary>
    [Parameter, EditorRequired] public required ImmutableArray<PolicyVersion> Wider { get; set; }

    /// <summary>Whether the person may edit; the server asks again when it is saved.</summary>
    [Parameter, EditorRequired] public required bool CanEdit { get; set; }

    /// <summary>The zone of written times.</summary>
    [Parameter] public string Zone { get; set; } = "browser";

    /// <summary>A proposal of an older version to go on with; null for none.</summary>
    [Parameter] public (PolicyVersion Start, PolicyDocument Contents)? TakenUp { get; set; }

    /// <summary>A version was saved.</summary>
    [Parameter] public EventCallback Saved { get; set; }

    private PolicyDraft Draft => _draft ?? throw new InvalidOperationException("made when parameters were set");

    private string Here => new Uri(Navigation.Uri).PathAndQuery;

    private ImmutableArray<PolicyFieldChange> Changes => PolicyFieldChange.Between(Draft.Start.Document, _document);

    private string WeightsSpoken => "Share of each weight: " + string.Join(", ", PolicyCatalogue.Fields.Where(PolicyDraft.IsWeight).Select(one => string.Create(CultureInfo.InvariantCulture, $"{PolicyWords.Name(one)} {100 * Share(one):0.#} %")));

    /// <inheritdoc/>
    protected override void OnParametersSet()
    {
        if (_draft is null || (!_draft.IsChanged && _merge is null && _draft.Start.Version != Current.Version))
        {
            _draft = new(Current);
        }

        if (TakenUp is { } taken && !ReferenceEquals(taken.Contents, _taken))
        {
            _taken = taken.Contents;
            Draft.Rebase(taken.Start, taken.Contents);
            _merge = new(Draft, Current);
        }

        Check();
    }

    private bool IsOpen(PolicyField field) => CanEdit && (Draft[field] is not null || PolicyDraft.IsWeight(field));

    private bool AsksApproval => (Approval.Read(Draft.Start.Document) ?? Inherited(Approval)) == EnumWords.Of(ApprovalRule.Required);

    private static PolicyField Approval { get; } = PolicyCatalogue.Find("approval")!; // in the catalogue

    private string Inherited(PolicyField field) => (SetterOf(field) is { } setter ? field.Read(setter.Document) : null) ?? field.Default;

    private PolicyVersion? SetterOf(PolicyField field) => Wider.LastOrDefault(version => field.Read(version.Document) is not null);

    private string Effective(PolicyField field)
    {
        var unit = PolicyWords.Unit(field);
        return (Draft[field] ?? Inherited(field)) + (unit.Length > 0 ? " " + unit : "");
    }

    private string SourceOf(PolicyField field) =>
        Draft[field] is { } own ? field.Read(Draft.Start.Document) == own ? $"from here, version {Draft.Start.Version}" : "from your draft"
        : SetterOf(field) is { } setter ? $"from {PolicyWords.From(setter.Scope)}, version {setter.Version}"
        : "default";

    private double Share(PolicyField field)
    {
        var sum = PolicyCatalogue.Fields.Where(PolicyDraft.IsWeight).Sum(Weight);
        return sum > 0 ? Weight(field) / sum : 0;
    }

    private double Weight(PolicyField field) =>
        double.TryParse(Draft[field] ?? Inherited(field), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value > 0 ? Math.Min(value, 1) : 0;

    private void Own(PolicyField field, bool own) => Set(field, own ? Inherited(field) : null);

    private void Slide(PolicyField field, string? position)
    {
        if (int.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
        {
            Type(field, FieldScale.Moved(field, Draft[field] ?? Inherited(field), at));
        }
    }

    private void Type(PolicyField field, string? text)
    {
        if (PolicyDraft.IsWeight(field) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight))
        {
            Draft.SetWeight(field, weight, Inherited);
            Set(field, Draft[field]);
        }
        else
        {
            Set(field, text ?? "");
        }
    }

    private void Set(PolicyField field, string? text)
    {
        Draft[field] = text;
        (_said, _refused) = (null, []);
        Check();
    }

    private void Check() => (_document, _mistakes) = Draft.Read(Wider.Select(version => version.Document));

    private void StartAfresh()
    {
        Draft.Rebase(Current, Current.Document);
        (_said, _refused, _merge, _reason) = (null, [], null, "");
        Check();
    }

    private void Settle()
    {
        if (_merge is { IsDecided: true } merge)
        {
            merge.ApplyTo(Draft);
            (_merge, _said) = (null, $"Your draft now stands on version {merge.Theirs.Version}. Look at what will change, then save.");
            Check();
        }
    }

    private async Task Save()
    {
        Check();
        _said = null;
        _refused = [.. Problems()];
        if (_refused.Count > 0 || !_mistakes.IsEmpty || _busy)
        {
            return;
        }

        _busy = true;
        try
        {
            Take(await Desk.Save(Draft.Start.Scope, new(_document, _reason.Trim()), Draft.Start.Version));
        }
#pragma warning disable CA1031 // The person is told, and the draft is kept.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _refused = [$"It could not be saved: {exception.Message}. Your draft is kept."];
        }
        finally
        {
            _busy = false;
        }

        await Saved.InvokeAsync();
    }

    private bool MayBeTried => PolicyScopes.ChainOf(Draft.Start.Scope) != PolicyChain.Hardware;

    private async Task Try()
    {
        Check();
        _said = null;
        _refused = [.. Problems()];
        if (!double.TryParse(_share, NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) || !(percent > 0 && percent <= 100))
        {
            _refused.Add($"The share is '{_share}' %; above 0 to 100 expected.");
        }

        int? promote = null;
        if (_promoteAfter.Trim().Length > 0)
        {
            promote = int.TryParse(_promoteAfter, NumberStyles.None, CultureInfo.InvariantCulture, out var minutes) && minutes is >= 1 and <= 10_080 ? minutes * 60 : null;
            if (promote is null)
            {
                _refused.Add($"It is to promote itself after '{_promoteAfter}' minutes; 1 to 10080, or nothing, expected.");
            }
        }

        var (guards, faults) = _guards.Read();
        _refused.AddRange(faults);
        if (_refused.Count > 0 || !_mistakes.IsEmpty || _busy)
        {
            return;
        }

        _busy = true;
        try
        {
            var decision = await Desk.Roll(Draft.Start.Scope, new() { Document = _document, Reason = _reason.Trim(), Share = percent / 100, Guards = guards, PromoteAfterSeconds = promote }, Draft.Start.Version);
            switch (decision)
            {
                case null:
                    _refused = [PersonGuard.Refusal];
                    break;
                case { Outcome: RolloutOutcome.Done, Rollout: { } rollout }:
                    Draft.Rebase(Current, Current.Document);
                    (_said, _reason) = ($"Rollout {rollout.Id} tries version {rollout.Version}; follow it above.", "");
                    Check();
                    break;
                case { Outcome: RolloutOutcome.Proposed, Proposal: { } waits }:
                    Draft.Rebase(Current, Current.Document);
                    (_said, _reason) = ($"Proposal {waits.Id} waits for another person to approve it; then it is tried.", "");
                    Check();
                    break;
                case { Outcome: RolloutOutcome.Conflict }:
                    _refused = ["Somebody saved meanwhile, or a rollout is open in this scope. Your draft is kept."];
                    break;
                default:
                    _refused = [.. decision.Mistakes.Select(mistake => mistake.Reason)];
                    break;
            }
        }
#pragma warning disable CA1031 // The person is told, and the draft is kept.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _refused = [$"It could not be tried: {exception.Message}. Your draft is kept."];
        }
        finally
        {
            _busy = false;
        }

        await Saved.InvokeAsync();
    }

    private IEnumerable<string> Problems()
    {
        if (string.IsNullOrWhiteSpace(_reason))
        {
            yield return "A change needs a reason, so that others can follow it.";
        }

        if (Changes.IsEmpty && _mistakes.IsEmpty)
        {
            yield return "There is nothing to save: the draft is what is in force.";
        }
    }

    private void Take(PolicyDecision? decision)
    {
        switch (decision)
        {
            case null:
                _refused = [PersonGuard.Refusal];
                break;
            case { Outcome: PolicyOutcome.Saved or PolicyOutcome.Proposed }:
                Draft.Rebase(decision.Current, decision.Current.Document);
                (_said, _reason) = (PolicyWords.Said(decision), "");
                Check();
                break;
            case { Outcome: PolicyOutcome.RollingOut }:
                _refused = [PolicyWords.Said(decision) + " Your draft is kept."];
                break;
            case { Outcome: PolicyOutcome.Conflict }:
                _merge = new(Draft, decision.Current);
                break;
            default:
                _refused = [.. decision.Mistakes.Select(mistake => mistake.Reason)];
                break;
        }
    }
}
