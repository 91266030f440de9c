using System.Collections.Immutable;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Alerts;
using EnergyTTT.Portal.Ranges;
using EnergyTTT.Wire.Alerts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace EnergyTTT.Portal.Components.Pages.Alerts;

/// <summary>
/// What alerts now (<c>var-state</c>, <c>var-severity</c>; one thing with <c>var-rule</c> and <c>var-thing</c>), the rules (<c>var-tab=rules</c>, <c>var-edit</c>), what keeps quiet, who is told, and what happened.
/// </summary>
public partial class AlertsPage
{
    private const string EditKey = "edit";
    private const int MostHistory = 200;

    private static readonly (string Tab, string Title)[] Tabs = [("now", "Now"), ("rules", "Rules"), ("quiet", "Silences"), ("contacts", "Contact points"), ("history", "History")];

    /// <summary>Who is asked.</summary>
    [Inject] public required IAlertSource Source { get; set; }

    /// <summary>The zone of the browser, where it is known.</summary>
    [CascadingParameter(Name = BrowserZone.Name)] public string? Zone { get; set; }

    [CascadingParameter] private Task<AuthenticationState>? SignedIn { get; set; }

    private bool IsAdministrator { get; set; }

    private string Tab => Tabs.Any(one => one.Tab == State["tab"]) ? State["tab"]! : "now"; // among them

    private (DateTimeOffset From, DateTimeOffset To) Resolved { get; set; }

    /// <inheritdoc/>
    protected override void OnParametersSet() => OnAddressChanged();

    /// <inheritdoc/>
    protected override void OnAddressChanged() => Resolved = State.Range.Resolve(Clock.GetUtcNow(), State.ZoneInfo(Zone));

    /// <inheritdoc/>
    protected override async Task OnInitializedAsync()
    {
        IsAdministrator = SignedIn is not null && (await SignedIn).User.IsInRole(PersonRoles.Administrator);
        await base.OnInitializedAsync();
    }

    /// <inheritdoc/>
    protected override async Task<AlertScreen?> Ask(CancellationToken cancellationToken)
    {
        var (tab, rule, thing) = (Tab, State["rule"], State["thing"]);
        var screen = new AlertScreen(await Source.Overview(cancellationToken));
        return tab switch
        {
            "rules" when State[EditKey] is { } edit => screen with { Versions = await Source.Versions(edit, cancellationToken) },
            "quiet" => screen with { Silences = await Source.Silences(cancellationToken), Windows = await Source.Windows(cancellationToken) },
            "contacts" when IsAdministrator => screen with { Contacts = await Source.Contacts(cancellationToken), Deliveries = await Source.Deliveries(50, cancellationToken) },
            "history" => screen with { History = await Source.History(rule, thing, Resolved.From, Resolved.To, MostHistory, cancellationToken) },
            "now" when rule is not null && thing is not null => screen with
            {
                Thing = (await Source.Things(rule, cancellationToken)).FirstOrDefault(one => one.Instance == thing),
                History = await Source.History(rule, thing, Clock.GetUtcNow().AddDays(-30), Clock.GetUtcNow().AddMinutes(1), 20, cancellationToken),
            },
            _ => screen,
        };
    }

    private IReadOnlyList<AlertInstance> Shown(AlertScreen screen) =>
        [.. screen.Overview.Instances.Where(one => (State["state"] is not { } state || AlertRuleView.Word(one.State) == state) && (State["severity"] is not { } severity || AlertWords.Severity(one.Severity) == severity) && (State["thing"] is not null || State["rule"] is not { } rule || one.Rule == rule))];
}

/// <summary>What the page shows; what a part does not need stays empty.</summary>
public sealed record AlertScreen(AlertOverview Overview)
{
    /// <summary>The thing of the address.</summary>
    public AlertInstance? Thing { get; init; }

    /// <summary>Changes of states.</summary>
    public IReadOnlyList<AlertTransition> History { get; init; } = [];

    /// <summary>Versions of the rule that is edited.</summary>
    public IReadOnlyList<AlertRuleVersion> Versions { get; init; } = [];

    /// <summary>Silences.</summary>
    public IReadOnlyList<AlertSilence> Silences { get; init; } = [];

    /// <summary>Maintenance windows.</summary>
    public IReadOnlyList<MaintenanceWindow> Windows { get; init; } = [];

    /// <summary>Contact points.</summary>
    public IReadOnlyList<ContactPointView> Contacts { get; init; } = [];

    /// <summary>Messages.</summary>
    public IReadOnlyList<AlertDelivery> Deliveries { get; init; } = [];

    /// <summary>Things by state over all rules.</summary>
    public IReadOnlyDictionary<AlertState, int> Counts => Enum.GetValues<AlertState>().ToDictionary(state => state, state => state == AlertState.Error ? Overview.Rules.Count(rule => rule.Error is not null) : Overview.Rules.Sum(rule => rule.Counts.GetValueOrDefault(AlertRuleView.Word(state))));

    /// <summary>A rule by its name.</summary>
    public AlertRuleView? Rule(string name) => Overview.Rules.FirstOrDefault(rule => rule.Current.Name == name);
}
