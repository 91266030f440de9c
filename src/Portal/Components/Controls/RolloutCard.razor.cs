using System.Globalization;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Portal.Access;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Rollouts;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Controls;

/// <summary>A rollout as it goes: one cell a router by what it really applies, what the guards read, and for who may, what can be done to it.</summary>
public partial class RolloutCard
{
    private readonly Deed _deed = new();
    private string _reason = "";
    private string _share = "";

    /// <summary>What a person may do.</summary>
    [Inject] public required PolicyDesk Desk { get; set; }

    /// <summary>The rollout with what its routers apply.</summary>
    [Parameter, EditorRequired] public required RolloutProgress Progress { get; set; }

    /// <summary>The zone of written times.</summary>
    [Parameter] public string Zone { get; set; } = "browser";

    /// <summary>It was changed.</summary>
    [Parameter] public EventCallback Changed { get; set; }

    private Rollout Rollout => Progress.Rollout;

    /// <inheritdoc/>
    protected override void OnInitialized() => _share = (100 * Rollout.Plan.Share).ToString("0.##", CultureInfo.InvariantCulture);

    private static string Word(RolloutState state) => state switch
    {
        RolloutState.Running => "is tried",
        RolloutState.Paused => "is tried, paused",
        RolloutState.Promoted => "was promoted",
        _ => "was rolled back",
    };

    private static string Word(GuardState state) => state switch { GuardState.Holds => "holds", GuardState.Broken => "broken", _ => "no data yet" };

    private static string GuardName(string guard) => guard switch
    {
        "latency_p95" => "Latency, p95", "retained_mass" => "Retained mass", "joules_per_token" => "Joules per token", "errors" => "Errors", _ => "Silence",
    };

    private static string Version(long version) => version < 0 ? "not said yet" : version.ToString(CultureInfo.InvariantCulture);

    private static string Spoken(RolloutDeployment deployment) =>
        $"{deployment.Layers.Count(layer => layer == 2)} routers apply the new version, {deployment.Layers.Count(layer => layer == 1)} are chosen and not there yet, {deployment.Layers.Count(layer => layer is 0 or 3)} keep another";

    private async Task Act(RolloutAction action)
    {
        double? share = null;
        if (action == RolloutAction.Share)
        {
            share = double.TryParse(_share, NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) ? percent / 100 : double.NaN;
        }

        if (action == RolloutAction.RollBack && string.IsNullOrWhiteSpace(_reason))
        {
            _deed.Refuse("Rolling back needs a reason, so that others can follow it.");
            return;
        }

        if (share is { } part && !(part > 0 && part <= 1))
        {
            _deed.Refuse($"The share is '{_share}' %; above 0 to 100 expected.");
            return;
        }

        await _deed.Do("done", async () => await Desk.Act(Rollout.Scope, Rollout.Id, action, new(string.IsNullOrWhiteSpace(_reason) ? null : _reason.Trim(), share)) switch
        {
            null => (true, PersonGuard.Refusal),
            { Outcome: RolloutOutcome.Done, Rollout: { } done } => (false, $"Version {done.Version} {Word(done.State)}."),
            { Outcome: RolloutOutcome.Over } => (true, "It is over already."),
            { Outcome: RolloutOutcome.Refused } refused => (true, string.Join(" ", refused.Mistakes.Select(mistake => mistake.Reason))),
            _ => (true, "Somebody changed it just now. Look at it again."),
        });
        await Changed.InvokeAsync();
    }
}
