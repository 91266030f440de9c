using EnergyTTT.Contracts.Alerts;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Alerts;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Portal.Ranges;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Gpus;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>One thing under one rule, with what can be done about it.</summary>
public partial class AlertDetail
{
    private string _comment = "";
    private string _reason = "";
    private int _hours = 4;
    private string? _said;
    private bool _refused;
    private bool _busy;

    /// <summary>What a person may do.</summary>
    [Inject] public required AlertDesk Desk { get; set; }

    /// <summary>The clock.</summary>
    [Inject] public required TimeProvider Clock { get; set; }

    /// <summary>The thing.</summary>
    [Parameter, EditorRequired] public required AlertInstance Alert { get; set; }

    /// <summary>Its rule.</summary>
    [Parameter, EditorRequired] public required AlertRuleView Rule { get; set; }

    /// <summary>What it did, newest first.</summary>
    [Parameter, EditorRequired] public required IReadOnlyList<AlertTransition> History { get; set; }

    /// <summary>What the page's address says.</summary>
    [Parameter, EditorRequired] public required PageState State { get; set; }

    /// <summary>The range of the chart.</summary>
    [Parameter, EditorRequired] public required (DateTimeOffset From, DateTimeOffset To) Resolved { get; set; }

    /// <summary>How numbers are written.</summary>
    [Parameter, EditorRequired] public required Display Display { get; set; }

    /// <summary>Where closing leads.</summary>
    [Parameter, EditorRequired] public required string Close { get; set; }

    /// <summary>It was changed.</summary>
    [Parameter] public EventCallback Changed { get; set; }

    private string? ThingLink => Alert.Labels switch
    {
        { Gpu: { } gpu } when GpuId.TryParse(gpu, out var id) => Links.Gpu(id),
        { Deployment: { } deployment } => Links.Deployment(deployment),
        { Host: { } host } labels => Links.Host(labels.Site, labels.Rack, host),
        { Site: { } site } => Links.Site(site),
        _ => null,
    };

    private Task Acknowledge() => Do((grain, person) => grain.Acknowledge(new(Alert.Rule, Alert.Instance, _comment), person), "You have taken it on: it is not told again until it is over.");

    private Task Silence()
    {
        var until = Clock.GetUtcNow().AddHours(_hours);

        // The host among the conditions lets an operator who is bound to it do this.
        List<AlertMatcher> matchers = [new("rule", Alert.Rule), .. AlertMatcher.Labels.Select(label => (label, Value: Alert.Labels[label])).Where(pair => pair.Value is not null).Select(pair => new AlertMatcher(pair.label, pair.Value!))]; // filtered
        return Do((grain, person) => grain.Silence(new(matchers, until, _reason), person), "Nobody is told of it until then. Its state goes on.");
    }

    private async Task Do(Func<IAlertsGrain, string, Task<AlertDecision>> deed, string done)
    {
        _busy = true;
        var fault = await Desk.Do(AccessPolicies.Operator, deed);
        (_busy, _refused, _said) = (false, fault is not null, fault ?? done);
        await Changed.InvokeAsync();
    }
}
