using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Routers;
using EnergyTTT.Portal.Components.Controls;
using EnergyTTT.Portal.Deployments;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Portal.Ranges;
using EnergyTTT.Wire.Deployments;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Routers;

/// <summary>One router (<c>var-deployment</c>, <c>var-layer</c>): its experts, its epochs, its time machine, and why a token goes where it goes.</summary>
public partial class RoutersPage
{
    private const int EpochsShown = 20;

    /// <summary>Who is asked.</summary>
    [Inject] public required ISteeringSource Source { get; set; }

    /// <summary>The zone of the browser, where it is known.</summary>
    [CascadingParameter(Name = BrowserZone.Name)] public string? Zone { get; set; }

    private string Title => State["deployment"] is { } deployment ? $"Router {deployment}/{State["layer"]}" : "Router";

    private string? Mark => OriginBadge.Mark(Answer.Value?.Deployment.Origin);

    /// <inheritdoc/>
    protected override async Task<RouterScreen?> Ask(CancellationToken cancellationToken)
    {
        if (State["deployment"] is not { } name
            || !int.TryParse(State["layer"] ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var layer)
            || await Source.Deployment(name, cancellationToken) is not { } deployment
            || layer >= deployment.Description.Layers)
        {
            return null;
        }

        var (from, to) = State.Range.Resolve(Clock.GetUtcNow(), State.ZoneInfo(Zone));
        var router = Source.Router(name, layer, cancellationToken);
        var epochs = Source.Epochs(name, layer, EpochsShown, cancellationToken);
        var snapshots = Source.Snapshots(name, layer, cancellationToken);
        var samples = Source.Samples(name, layer, cancellationToken);
        var ledger = Source.Ledger(name, from, to, cancellationToken);
        await Task.WhenAll(router, epochs, snapshots, samples, ledger);
        var own = EnergyBalance.Of([.. (await ledger).Where(entry => entry.Layer == layer)]).Layers;
        return new RouterScreen(deployment, layer, await router, await epochs, await snapshots, await samples, await Explanation(name, layer, await samples, cancellationToken), own.IsEmpty ? null : own[0]);
    }

    private async Task<RouteExplanation?> Explanation(string deployment, int layer, ImmutableArray<SampleKey> samples, CancellationToken cancellationToken)
    {
        var chosen = samples.FirstOrDefault(sample => RouteWhy.KeyOf(sample) == State["chunk"]) ?? samples.FirstOrDefault();
        return chosen is not null && int.TryParse(State["row"] ?? "0", NumberStyles.None, CultureInfo.InvariantCulture, out var row)
            ? await Source.Explain(deployment, layer, chosen.Replica, chosen.Chunk, Math.Min(row, chosen.Rows - 1), cancellationToken)
            : null;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static Reading Word(string word) => new(word, "", true);

    private static IReadOnlyList<double> Percent(ImmutableArray<double> shares) => [.. shares.Select(share => 100 * share)];

    private static string Space(RouterScreen screen) => screen.Deployment.Description.BiasSpace == BiasSpace.Logit ? "logits" : "score";

    private static string Lost(RouterView router) => router.LostUpdates > 0 ? $"{router.LostUpdates} updates were lost after it" : router.SnapshotNumber is null ? "none taken yet" : "newest";

    private void Choose(TimeRange range) => Navigation.NavigateTo(Address(State with { Range = range }));
}

/// <summary>What the page shows.</summary>
public sealed record RouterScreen(
    DeploymentView Deployment, int Layer, RouterView Router, ImmutableArray<StoredEpoch> Epochs, ImmutableArray<SnapshotEntry> Snapshots, ImmutableArray<SampleKey> Samples,
    RouteExplanation? Explanation, LayerBalance? Balance)
{
    /// <summary>The newest epoch of the layer.</summary>
    public StoredEpoch? Newest => Epochs.IsEmpty ? null : Epochs[0];

    /// <summary>Whether the engines take nothing of an epoch but its bias.</summary>
    public bool TakesBiasOnly => Deployment.Description.Selector == EngineSelector.BiasOnly;

    /// <summary>Joules of the layer's experts over the range; null where no minute is known or no cost table speaks.</summary>
    public double? Joules => Deployment.Description.CostTable is null ? null : Balance?.Joules;

    /// <summary>The same by expert; empty where no minute is known or no cost table speaks.</summary>
    public IReadOnlyList<double> ExpertJoules => Balance is { Joules: > 0 } ? Balance.ExpertJoules : [];
}
