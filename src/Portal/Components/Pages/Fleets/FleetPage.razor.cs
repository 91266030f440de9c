using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Portal.Charts;
using EnergyTTT.Portal.Components.Controls;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Portal.Fleets;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Components.Pages.Fleets;

/// <summary>The fleet as a heat map: where it is hot, hungry, close to throttling or idle.</summary>
public partial class FleetPage
{
    private HeatMapModel? _model;

    /// <summary>The door to the heat map's cells.</summary>
    [Inject] public required ChartLink Charts { get; set; }

    private HeatScale Scale => HeatScale.Named(State["metric"]);

    private IReadOnlyList<GpuState> Gpus { get; set; } = [];

    private FleetTotals Totals { get; set; } = FleetTotals.Of([]);

    private HeatMapModel Model => _model ?? throw new InvalidOperationException("laid out when the view was taken");

    private List<(string Name, string Address)> Crumbs
    {
        get
        {
            var crumbs = new List<(string, string)> { ("All sites", Address(State.With("site").With("rack").With("host"))) };
            if (State["site"] is { } site)
            {
                crumbs.Add((site, Address(State.With("rack").With("host"))));
            }

            if (State["rack"] is { } rack)
            {
                crumbs.Add((rack, Address(State.With("host"))));
            }

            if (State["host"] is { } host)
            {
                crumbs.Add((host, Address(State)));
            }

            return crumbs;
        }
    }

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        base.OnInitialized();
        LayOut(View);
    }

    /// <inheritdoc/>
    protected override void OnAddressChanged()
    {
        if (View is not null)
        {
            LayOut(View);
        }
    }

    /// <inheritdoc/>
    protected override async Task<bool> Observe(FleetView view)
    {
        ArgumentNullException.ThrowIfNull(view);
        var before = _model;
        LayOut(view);
        if (before is not null && before.HasLayoutOf(Model) && view.Face is FleetFace.Full or FleetFace.Stale)
        {
            await Charts.Paint("fleet", [.. Model.Cells.Select(cell => HeatMap.Paint(cell, Scale, view, Display))]);
        }

        return true;
    }

    private void LayOut(FleetView view)
    {
        Gpus = FleetScope.Of(State, view.Snapshot.Gpus);
        Totals = FleetTotals.Of([.. Gpus.Where(view.IsLive)]);
        var model = HeatMapModel.Of(Gpus);
        _model = model;
    }
}
