using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Portal.Charts;
using EnergyTTT.Portal.Components.Controls;
using EnergyTTT.Portal.Fleets;
using EnergyTTT.Portal.Ranges;
using EnergyTTT.Wire.Gpus;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Gpus;

/// <summary>One GPU in depth (<c>var-gpu</c>), or the table of all GPUs of a place when the address names none.</summary>
public partial class GpusPage
{
    /// <summary>The door to the charts.</summary>
    [Inject] public required ChartLink Charts { get; set; }

    /// <summary>The zone of the browser, where it is known.</summary>
    [CascadingParameter(Name = BrowserZone.Name)] public string? Zone { get; set; }

    private GpuState? Gpu => GpuId.TryParse(State["gpu"], out var id) ? View[id] : null;

    private IReadOnlyList<GpuState> Scope => FleetScope.Of(State, View.Snapshot.Gpus);

    private string Place => string.Join(" › ", new[] { State["site"], State["rack"], State["host"] }.Where(name => name is not null));

    private string Title => GpuId.TryParse(State["gpu"], out var id) ? Links.Brief(id) : "GPU";

    private bool IsStale => Gpu is { } gpu && View.Face == FleetFace.Full && !View.IsLive(gpu);

    private (DateTimeOffset From, DateTimeOffset To) Resolved { get; set; }

    /// <inheritdoc/>
    protected override void OnParametersSet() => OnAddressChanged();

    /// <inheritdoc/>
    protected override void OnAddressChanged() => Resolved = State.Range.Resolve(Clock.GetUtcNow(), State.ZoneInfo(Zone));

    /// <inheritdoc/>
    protected override async Task<bool> Observe(FleetView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        if (State.Range.IsSliding && GpuId.TryParse(State["gpu"], out var id) && view[id] is { } gpu && view.IsLive(gpu))
        {
            await Charts.Push(GpuChart.Moment(gpu));
        }

        return true;
    }

    private void Choose(TimeRange range) => Navigation.NavigateTo(Address(State with { Range = range }));
}
