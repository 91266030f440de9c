using System.Collections.Immutable;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Portal.Deployments;
using EnergyTTT.Portal.Ranges;
using EnergyTTT.Wire.Telemetry;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Deployments;

/// <summary>All deployments, or one in depth (<c>var-deployment</c>): what steering saves, what it costs in retained mass, and where the joules go.</summary>
public partial class DeploymentsPage
{
    /// <summary>Who is asked.</summary>
    [Inject] public required ISteeringSource Source { get; set; }

    /// <summary>The zone of the browser, where it is known.</summary>
    [CascadingParameter(Name = BrowserZone.Name)] public string? Zone { get; set; }

    private IEnumerable<Origin> Origins => Answer.Value is not { } screen ? [] : screen.One is { } one ? [one.Origin] : screen.All.Select(view => view.Origin).Distinct().Order();

    /// <inheritdoc/>
    protected override async Task<DeploymentScreen?> Ask(CancellationToken cancellationToken)
    {
        if (State["deployment"] is not { } name)
        {
            return new(await Source.Deployments(cancellationToken), null, EnergyBalance.Of([]));
        }

        var (from, to) = State.Range.Resolve(Clock.GetUtcNow(), State.ZoneInfo(Zone));
        return await Source.Deployment(name, cancellationToken) is { } view
            ? new([], view, EnergyBalance.Of(await Source.Ledger(name, from, to, cancellationToken)))
            : null;
    }

    private void Choose(TimeRange range) => Navigation.NavigateTo(Address(State with { Range = range }));
}

/// <summary>What the page shows.</summary>
/// <param name="All">All deployments; empty where one is shown.</param>
/// <param name="One">The one that the address names.</param>
/// <param name="Balance">Its ledger over the range.</param>
public sealed record DeploymentScreen(ImmutableArray<DeploymentView> All, DeploymentView? One, EnergyBalance Balance);
