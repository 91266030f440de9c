using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Portal.Charts;
using EnergyTTT.Portal.Components.Controls;
using EnergyTTT.Portal.Fleets;
using EnergyTTT.Portal.Ranges;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Overviews;

/// <summary>How much energy, power and heat the fleet has, now and over the range.</summary>
public partial class OverviewPage
{
    private const int Rows = 8;

    private static readonly ChartSeries[] PowerSeries = [new("all live GPUs", "metric=power_average_watts&aggregate=sum", "power")];
    private static readonly ChartSeries[] EnergySeries = [new("all GPUs", "metric=energy_joules&aggregate=sum", "energy", Fold: "sum")];
    private static readonly ChartSeries[] TemperatureSeries =
    [
        new("hottest die", "metric=temperature_celsius&aggregate=max", "temperature", Fold: "max"),
        new("hottest memory", "metric=memory_temperature_celsius&aggregate=max", "memory", 1, "max"),
        new("mean die", "metric=temperature_celsius&aggregate=mean", "mean", 2),
    ];

    private static readonly ChartSeries[] UtilisationSeries = [new("mean of GPUs", "metric=utilization_ratio&aggregate=mean", "utilisation")];

    /// <summary>The door to the charts.</summary>
    [Inject] public required ChartLink Charts { get; set; }

    /// <summary>The zone of the browser, where it is known.</summary>
    [CascadingParameter(Name = BrowserZone.Name)] public string? Zone { get; set; }

    private FleetTotals Totals => View.Totals;

    private (DateTimeOffset From, DateTimeOffset To) Resolved { get; set; }

    private string? Mark => OriginBadge.Mark(View.Origin);

    private double? EnergyEver => View.Snapshot.Gpus.IsEmpty ? null : View.Snapshot.Gpus.Sum(gpu => gpu.EnergyTotalJoules);

    private string Throttled => Totals.Throttled == 0 ? "none throttled" : $"{Totals.Throttled} throttled";

    // Stale fleets show what was last known of each; live ones only what counts.
    private IReadOnlyCollection<GpuState> Shown => View.Face == FleetFace.Stale ? View.Snapshot.Gpus : View.Live;

    private IReadOnlyList<GpuState> Hottest =>
        [.. Shown.Where(gpu => gpu.Latest.TemperatureCelsius is not null).OrderByDescending(gpu => gpu.Latest.TemperatureCelsius).ThenBy(gpu => gpu.Gpu.Value, StringComparer.Ordinal).Take(Rows)];

    private IReadOnlyList<FleetPlace> Racks =>
        [.. FleetPlace.Racks(Shown).OrderByDescending(rack => rack.Totals.TemperatureMaxCelsius).Take(Rows)];

    /// <inheritdoc/>
    protected override void OnParametersSet() => OnAddressChanged();

    /// <inheritdoc/>
    protected override void OnAddressChanged() => Resolved = State.Range.Resolve(Clock.GetUtcNow(), State.ZoneInfo(Zone));

    /// <inheritdoc/>
    protected override async Task<bool> Observe(FleetView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        if (!view.Live.IsEmpty && State.Range.IsSliding)
        {
            await Charts.Push(new LiveMoment(view.Now.ToUnixTimeMilliseconds() / 1000.0, new Dictionary<string, double?[]>
            {
                ["fleet-power"] = [view.Totals.PowerWatts],
                ["fleet-energy"] = [view.Live.Sum(gpu => gpu.Latest.EnergyJoules)],
                ["fleet-temperature"] = [view.Totals.TemperatureMaxCelsius, view.Totals.MemoryTemperatureMaxCelsius, view.Totals.TemperatureMeanCelsius],
                ["fleet-utilisation"] = [view.Totals.UtilizationMean],
            }));
        }

        return true;
    }

    private void Choose(TimeRange range) => Navigation.NavigateTo(Address(State with { Range = range }));

    private string Share(double? part, double? whole) => Display.Share(part / whole).Spoken;
}
