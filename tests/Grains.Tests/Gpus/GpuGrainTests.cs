using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Grains.Tests.Clusters;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Orleans.Core.Internal;
using Xunit;

namespace EnergyTTT.Grains.Tests.Gpus;

[Collection(ClusterCollection.Name)]
public sealed class GpuGrainTests(ClusterFixture cluster)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_frame_that_comes_again_changes_nothing()
    {
        var (gpu, grain) = Fresh();

        await grain.Record(Frames(gpu, At(gpu, 1, 0)));
        await grain.Record(Frames(gpu, At(gpu, 1, 0), At(gpu, 2, 1)));
        await grain.Record(Frames(gpu, At(gpu, 1, 0)));

        var window = await grain.Window();
        Assert.Equal(2, window.Samples.Length);
        Assert.Equal(2, window.Duplicates);
        Assert.Equal(200, (await grain.Latest())!.EnergyTotalJoules);
    }

    [Fact]
    public async Task The_same_sequence_of_another_boot_is_another_frame()
    {
        var (gpu, grain) = Fresh();

        await grain.Record(Frames(gpu, At(gpu, 1, 0)));
        await grain.Record(Frames(gpu, At(gpu, 1, 0)) with { Boot = "another" });

        Assert.Equal(2, (await grain.Window()).Samples.Length);
    }

    [Fact]
    public async Task Frames_out_of_order_are_kept_in_order_and_never_turn_the_latest_back()
    {
        var (gpu, grain) = Fresh();

        await grain.Record(Frames(gpu, At(gpu, 3, 2), At(gpu, 1, 0)));
        await grain.Record(Frames(gpu, At(gpu, 2, 1)));

        Assert.Equal([Noon, Noon.AddSeconds(1), Noon.AddSeconds(2)], (await grain.Window()).Samples.Select(sample => sample.Time));
        Assert.Equal(3, (await grain.Latest())!.Latest.Sequence);
    }

    [Fact]
    public async Task A_frame_older_than_the_window_stays_out_of_it_but_its_energy_counts()
    {
        var (gpu, grain) = Fresh();

        await grain.Record(Frames(gpu, At(gpu, 2, 200)));
        await grain.Record(Frames(gpu, At(gpu, 1, 0)));

        var window = await grain.Window();
        Assert.Equal((1, 1L), (window.Samples.Length, window.Stale));
        Assert.Equal(200, (await grain.Latest())!.EnergyTotalJoules);
    }

    [Fact]
    public async Task A_silent_sensor_stays_unknown()
    {
        var (gpu, grain) = Fresh();

        await grain.Record(Frames(gpu, At(gpu, 1, 0) with { TemperatureCelsius = null, EnergyJoules = null, EnergyMethod = null }));

        var state = (await grain.Latest())!;
        Assert.Null(state.Latest.TemperatureCelsius);
        Assert.Null(state.ForecastCelsius);
        Assert.Equal(0, state.EnergyTotalJoules);
        Assert.True(float.IsNaN((await grain.Window()).Samples[0].TemperatureCelsius));
    }

    [Fact]
    public async Task A_grain_that_was_put_to_sleep_goes_on_counting_where_it_was()
    {
        var (gpu, grain) = Fresh();
        var first = At(gpu, 1, 0) with { Time = DateTimeOffset.UtcNow.AddMinutes(-1) };
        await cluster.Store(first, "host-sleepy", DateTimeOffset.UtcNow);
        await grain.Record(Frames(gpu, first));

        await grain.Cast<IGrainManagementExtension>().DeactivateOnIdle();
        while ((await grain.Window()).Samples.Length > 0)
        {
            await Task.Delay(20);
        }

        var second = first with { Sequence = 2, Time = first.Time.AddSeconds(1) };
        await cluster.Store(second, "host-sleepy", DateTimeOffset.UtcNow);
        await grain.Record(Frames(gpu, second));
        Assert.Equal(200, (await grain.Latest())!.EnergyTotalJoules);
    }

    [Fact]
    public async Task A_grain_starts_from_what_the_history_knows()
    {
        var gpu = GpuId.Parse(ClusterFixture.KnownGpu);

        var state = await cluster.Grains.GetGrain<IGpuGrain>(gpu.GrainKey).Latest();

        Assert.Equal(("host-before", 500.0), (state!.Host, state.EnergyTotalJoules));
    }

    private (GpuId Gpu, IGpuGrain Grain) Fresh()
    {
        var gpu = GpuId.Parse("GPU-" + Guid.NewGuid().ToString("N"));
        return (gpu, cluster.Grains.GetGrain<IGpuGrain>(gpu.GrainKey));
    }

    private static GpuFrames Frames(GpuId gpu, params Frame[] frames) => new("ams", "r1", "host-" + gpu.Value[^4..], "boot", null, [.. frames], DateTimeOffset.UtcNow, 0.1);

    private static Frame At(GpuId gpu, long sequence, double second) => new()
    {
        Gpu = gpu,
        Sequence = sequence,
        Time = Noon.AddSeconds(second),
        Seconds = 1,
        Origin = Origin.Measured,
        EnergyJoules = 100,
        EnergyMethod = EnergyMethod.Counter,
        PowerAverageWatts = 100,
        TemperatureCelsius = 50,
    };
}
