using EnergyTTT.Portal.Displays;

namespace EnergyTTT.Portal.Tests.Displays;

public sealed class HeatScaleTests
{
    [Fact]
    public void Temperature_grows_darker_and_margin_grows_paler()
    {
        Assert.Equal(0.5, HeatScale.Temperature.Position(60));
        Assert.Equal(0.75, HeatScale.Margin.Position(15));
    }

    [Fact]
    public void Values_beyond_the_ends_stay_at_the_ends()
    {
        Assert.Equal(0, HeatScale.Temperature.Position(-40));
        Assert.Equal(1, HeatScale.Margin.Position(-3));
    }

    [Fact]
    public void No_value_has_no_place_on_the_scale()
    {
        Assert.Null(HeatScale.Temperature.Position(null));
        Assert.Null(HeatScale.Temperature.Position(double.NaN));
    }

    [Fact]
    public void Every_tick_lies_on_its_scale() =>
        Assert.All(HeatScale.All, scale => Assert.All(scale.Ticks, tick => Assert.InRange((tick - scale.From) / (scale.To - scale.From), 0, 1)));

    [Fact]
    public void An_unknown_name_means_temperature() => Assert.Same(HeatScale.Temperature, HeatScale.Named("colour"));
}
