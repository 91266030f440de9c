using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Portal.Fleets;
using Microsoft.Extensions.Time.Testing;

namespace EnergyTTT.Portal.Tests.Fleets;

public sealed class HeatMapModelTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private readonly FakeFleet _fleet = new(new FakeTimeProvider(Now));

    [Theory]
    [InlineData(64, HeatCellKind.Gpu, 64)]
    [InlineData(1_024, HeatCellKind.Gpu, 1_024)]
    [InlineData(8_192, HeatCellKind.Host, 1_024)]
    [InlineData(10_000, HeatCellKind.Rack, 313)]
    public void A_page_never_holds_more_than_about_a_thousand_cells(int gpus, HeatCellKind kind, int cells)
    {
        var model = HeatMapModel.Of([.. Enumerable.Range(0, gpus).Select(index => _fleet.Gpu(index, Now))]);

        Assert.Equal(kind, model.Kind);
        Assert.Equal(cells, model.Cells.Count());
        Assert.Equal(gpus, model.Cells.Sum(cell => cell.Gpus.Length));
    }

    [Fact]
    public void A_cell_shows_its_hottest_gpu_and_its_least_margin()
    {
        var cool = _fleet.Gpu(0, Now);
        var hot = _fleet.Gpu(1, Now);
        cool = cool with { Latest = cool.Latest with { TemperatureCelsius = 40, ThermalMarginCelsius = 47 } };
        hot = hot with { Latest = hot.Latest with { TemperatureCelsius = 80, ThermalMarginCelsius = 7 } };
        var view = new FleetView(new FleetSnapshot(1, Now, [cool, hot]), Now, TimeSpan.FromSeconds(10));
        var cell = new HeatCell("host-01", "/", [cool, hot]);

        Assert.Equal(80, HeatMapModel.Value(cell, HeatScale.Temperature, view));
        Assert.Equal(7, HeatMapModel.Value(cell, HeatScale.Margin, view));
    }

    [Fact]
    public void A_gpu_that_stopped_sending_has_no_value_while_others_are_live()
    {
        var live = _fleet.Gpu(0, Now);
        var lost = _fleet.Gpu(1, Now.AddMinutes(-5));
        var view = new FleetView(new FleetSnapshot(1, Now, [live, lost]), Now, TimeSpan.FromSeconds(10));

        Assert.Null(HeatMapModel.Value(new HeatCell("lost", "/", [lost]), HeatScale.Temperature, view));
    }

    [Fact]
    public void Power_is_a_share_of_the_gpus_own_limit_and_unknown_without_one()
    {
        var gpu = _fleet.Gpu(0, Now);
        gpu = gpu with { Latest = gpu.Latest with { PowerAverageWatts = 350, PowerLimitWatts = 700 } };

        Assert.Equal(50, HeatMapModel.Value(gpu, HeatScale.Power));
        Assert.Null(HeatMapModel.Value(gpu with { Latest = gpu.Latest with { PowerLimitWatts = null } }, HeatScale.Power));
    }

    [Fact]
    public void New_values_keep_a_layout_and_a_new_gpu_changes_it()
    {
        var before = HeatMapModel.Of([_fleet.Gpu(0, Now), _fleet.Gpu(1, Now)]);

        Assert.True(before.HasLayoutOf(HeatMapModel.Of([_fleet.Gpu(0, Now.AddSeconds(9)), _fleet.Gpu(1, Now.AddSeconds(9))])));
        Assert.False(before.HasLayoutOf(HeatMapModel.Of([_fleet.Gpu(0, Now), _fleet.Gpu(2, Now)])));
    }
}
