using EnergyTTT.Portal.Charts;

namespace EnergyTTT.Portal.Tests.Charts;

public sealed class ArmPlotTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_line_breaks_where_its_arm_was_silent()
    {
        var plot = new ArmPlot([At(0, 1), At(10, 2), At(60, 3), At(70, 4), At(80, null), At(90, 5)], [At(20, 1), At(30, 1), At(40, 1), At(50, 1)]);

        Assert.Equal(3, plot.Steered.Count(letter => letter == 'M'));
        Assert.Equal(2, plot.Steered.Count(letter => letter == 'L'));
        Assert.Equal(4, plot.HeldOutDots.Count());
        Assert.Equal((5, 1), (plot.LastSteered, plot.LastHeldOut));
    }

    [Fact]
    public void Numbers_that_are_not_there_are_not_drawn_as_zero()
    {
        var plot = new ArmPlot([At(0, 5), At(10, null), At(20, double.NaN), At(30, 6)], []);

        Assert.InRange(plot.Least, 4, 5);
        Assert.Equal(2, plot.Steered.Count(letter => letter == 'M'));
    }

    [Fact]
    public void Without_a_value_there_is_no_plot() => Assert.True(new ArmPlot([At(0, null)], []).IsEmpty);

    [Fact]
    public void One_point_stands_in_the_middle_as_a_dot() => Assert.Equal("M300 80h0.01", new ArmPlot([At(0, 5)], []).Steered);

    private static (DateTimeOffset, double?) At(int second, double? value) => (Start.AddSeconds(second), value);
}
