using System.Collections.Immutable;
using EnergyTTT.Contracts.Alerts;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Alerts;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Policies;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>Edits a rule; the draft stays as it is while the page asks on.</summary>
public partial class AlertRuleEditor
{
    private AlertRuleDraft _draft = null!; // OnInitialized sets it before the first rendering
    private ImmutableArray<PolicyMistake> _mistakes = [];
    private AlertPreview? _preview;
    private long _expected;
    private string _reason = "";
    private string? _said;
    private bool _refused;
    private bool _busy;

    /// <summary>Who is asked.</summary>
    [Inject] public required IAlertSource Source { get; set; }

    /// <summary>What a person may do.</summary>
    [Inject] public required AlertDesk Desk { get; set; }

    /// <summary>The version in force; null for a new rule.</summary>
    [Parameter] public AlertRuleVersion? Rule { get; set; }

    /// <summary>All versions, newest first.</summary>
    [Parameter] public IReadOnlyList<AlertRuleVersion> Versions { get; set; } = [];

    /// <summary>How numbers are written.</summary>
    [Parameter, EditorRequired] public required Display Display { get; set; }

    /// <summary>Where closing leads.</summary>
    [Parameter, EditorRequired] public required string Close { get; set; }

    /// <summary>Whether the person may change it.</summary>
    [Parameter] public bool CanEdit { get; set; }

    /// <summary>The zone of written times.</summary>
    [Parameter] public string Zone { get; set; } = "browser";

    /// <summary>It was saved under this name, or deleted (null).</summary>
    [Parameter] public EventCallback<string?> Saved { get; set; }

    /// <inheritdoc/>
    protected override void OnInitialized() => (_draft, _expected) = (new(Rule?.Rule ?? new AlertRule("", "temperature_celsius", 85, ForSeconds: 60)), Rule?.Version ?? 0);

    private async Task<AlertRule?> Read()
    {
        var (rule, mistakes) = _draft.Read();
        _mistakes = mistakes.IsEmpty ? await Source.Check(rule, CancellationToken.None) : mistakes;
        return _mistakes.IsEmpty ? rule : null;
    }

    private async Task Try()
    {
        (_busy, _preview, _said) = (true, null, null);
        try
        {
            _preview = await Read() is { } rule ? await Source.Preview(rule, CancellationToken.None) : null;
        }
#pragma warning disable CA1031 // The person is told; nothing was changed.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            (_refused, _said) = (true, $"The past could not be looked at: {exception.Message}");
        }
        finally
        {
            _busy = false;
        }
    }

    private async Task Save()
    {
        if (await Read() is { } rule)
        {
            await Do((grain, person) => grain.SaveRule(rule.Name, rule, _expected, _reason, person), rule.Name, "Saved.");
        }
    }

    private Task Delete() => Do((grain, person) => grain.SaveRule(_draft.Name, null, _expected, _reason, person), null, "Deleted. Its versions and its history stay.");

    private async Task Do(Func<IAlertsGrain, string, Task<AlertDecision>> deed, string? name, string done)
    {
        _busy = true;
        var fault = await Desk.Do(AccessPolicies.Administrator, deed, decision => (_expected, _reason) = (decision.Version, ""));
        (_busy, _refused, _said) = (false, fault is not null, fault ?? done);
        if (fault is null)
        {
            await Saved.InvokeAsync(name);
        }
    }
}
