using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Grains.Tests.Clusters;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Grains.Tests.Fleet;

[Collection(ClusterCollection.Name)]
public sealed class FleetGrainTests(ClusterFixture cluster)
{
    [Fact]
    public async Task What_a_gpu_publishes_is_in_the_fleet_in_order_and_an_old_version_asks_for_nothing_newer()
    {
        var fleet = cluster.Grains.GetGrain<IFleetGrain>(IFleetGrain.Key);
        var gpu = GpuId.Parse("GPU-" + Guid.NewGuid().ToString("N"));
        var frame = new Frame { Gpu = gpu, Sequence = 1, Time = DateTimeOffset.UtcNow, Seconds = 1, Origin = Origin.Simulated, PowerAverageWatts = 123 };

        await cluster.Grains.GetGrain<IGpuGrain>(gpu.GrainKey).Record(new GpuFrames("zzz", "r9", "host-9", "b", null, [frame], DateTimeOffset.UtcNow, null));

        var snapshot = await Until(fleet, it => it.Gpus.Any(state => state.Gpu == gpu));
        Assert.Equal(123, snapshot.Gpus.Single(state => state.Gpu == gpu).Latest.PowerAverageWatts);
        Assert.Equal(snapshot.Gpus.OrderBy(Place, StringComparer.Ordinal).Select(state => state.Gpu), snapshot.Gpus.Select(state => state.Gpu));
        Assert.Null(await fleet.Snapshot(long.MaxValue));
    }

    [Fact]
    public async Task A_gpu_known_before_the_start_is_shown_with_its_age()
    {
        var snapshot = await Until(cluster.Grains.GetGrain<IFleetGrain>(IFleetGrain.Key), it => it.Gpus.Any(state => state.Gpu.Value == ClusterFixture.KnownGpu));

        var known = snapshot.Gpus.Single(state => state.Gpu.Value == ClusterFixture.KnownGpu);
        Assert.InRange((snapshot.Time - known.Received).TotalMinutes, 59, 75);
    }

    private static string Place(GpuState state) => $"{state.Site}\u0001{state.Rack}\u0001{state.Host}\u0001{state.Gpu.Value}";

    private static async Task<FleetSnapshot> Until(IFleetGrain fleet, Func<FleetSnapshot, bool> arrived)
    {
        for (var looks = 0; ; looks++)
        {
            if (await fleet.Snapshot(-1) is { } snapshot && arrived(snapshot))
            {
                return snapshot;
            }

            Assert.True(looks < 300, "It did not come within 30 seconds.");
            await Task.Delay(100);
        }
    }
}
