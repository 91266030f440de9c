using EnergyTTT.Routing.Gpu;
using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Routing.Tests.Gpu;

public class GpuSelectorTests
{
    [Fact]
    public void The_kernels_travel_inside_the_assembly_under_the_names_that_are_launched()
    {
        Assert.Contains("__global__ void guarded(", RouteKernelSource.Text, StringComparison.Ordinal);
        Assert.Contains("consolidate(", RouteKernelSource.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gate_that_the_kernels_cannot_route_is_refused_with_the_way_out()
    {
        var refused = Assert.Throws<NotSupportedException>(() => new GpuSelector(new SelectorShape(64, 8, GateKind.Sigmoid)));

        Assert.Contains("Use the selector on the CPU", refused.Message, StringComparison.Ordinal);
    }
}
