using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Portal.Fleets;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Time.Testing;

namespace EnergyTTT.Portal.Tests.Fleets;

public sealed class FleetViewTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private readonly FakeFleet _fleet = new(new FakeTimeProvider(Now));

    [Fact]
    public void A_silent_sensor_is_left_out_of_a_sum_and_counted_as_left_out()
    {
        var loud = _fleet.Gpu(0, Now);
        var silent = _fleet.Gpu(1, Now);
        silent = silent with { Latest = silent.Latest with { PowerAverageWatts = null, TemperatureCelsius = null } };

        var totals = FleetTotals.Of([loud, silent]);

        Assert.Equal(loud.Latest.PowerAverageWatts, totals.PowerWatts);
        Assert.Equal((2, 1), (totals.Gpus, totals.PowerReporting));
        Assert.Equal(700, totals.PowerLimitWatts);
        Assert.Equal(loud.Latest.TemperatureCelsius, totals.TemperatureMeanCelsius);
    }

    [Fact]
    public void Of_no_gpus_every_reading_is_unknown()
    {
        var totals = FleetTotals.Of([]);

        Assert.Equal((0, null, 0, null, null, null), (totals.Gpus, totals.PowerWatts, totals.PowerReporting, totals.PowerLimitWatts, totals.TemperatureMaxCelsius, totals.UtilizationMean));
    }

    [Fact]
    public void A_gpu_that_stopped_sending_is_known_but_does_not_count_as_live()
    {
        var view = View([_fleet.Gpu(0, Now), _fleet.Gpu(1, Now.AddSeconds(-11))]);

        Assert.Equal(FleetFace.Full, view.Face);
        Assert.Equal([FakeFleet.Id(0)], view.Live.Select(gpu => gpu.Gpu));
        Assert.Equal(2, view.Snapshot.Gpus.Length);
        Assert.Equal(TimeSpan.Zero, view.Age);
    }

    [Fact]
    public void When_all_are_silent_the_fleet_is_stale_since_the_newest()
    {
        var view = View([_fleet.Gpu(0, Now.AddSeconds(-40)), _fleet.Gpu(1, Now.AddSeconds(-90))]);

        Assert.Equal(FleetFace.Stale, view.Face);
        Assert.Equal(TimeSpan.FromSeconds(40), view.Age);
        Assert.Null(view.Totals.PowerWatts);
    }

    [Fact]
    public void Mixed_origins_are_all_named_and_the_weakest_marks_the_page()
    {
        var measured = _fleet.Gpu(0, Now);
        measured = measured with { Latest = measured.Latest with { Origin = Origin.Measured } };
        var simulated = measured with { Gpu = FakeFleet.Id(1), Latest = measured.Latest with { Origin = Origin.Simulated } };

        var view = View([measured, simulated]);

        Assert.Equal([Origin.Measured, Origin.Simulated], view.Origins);
        Assert.Equal(Origin.Simulated, view.Origin);
    }

    [Fact]
    public void Hosts_of_one_name_in_two_racks_are_two_hosts()
    {
        var one = _fleet.Gpu(0, Now);
        var other = one with { Gpu = FakeFleet.Id(1), Rack = "r99" };

        Assert.Equal(2, View([one, other]).Hosts);
    }

    [Fact]
    public void A_throttle_reason_that_is_not_counted_does_not_hide_one_that_is()
    {
        var gpu = _fleet.Gpu(0, Now);
        gpu = gpu with { Latest = gpu.Latest with { ThrottleSeconds = new ThrottleSeconds { SwThermal = null, HwThermal = 0.2, PowerBrake = null } } };

        Assert.Equal(1, FleetTotals.Of([gpu]).Throttled);
    }

    private static FleetView View(IEnumerable<Contracts.Gpus.GpuState> gpus) => new(new FleetSnapshot(1, Now, [.. gpus]), Now, TimeSpan.FromSeconds(10));
}
