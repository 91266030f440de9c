using EnergyTTT.Routing.Thermal;

namespace EnergyTTT.Routing.Tests.Thermal;

public sealed class ShadowPriceTests
{
    // Invariant 24.
    [Fact]
    public void One_device_has_no_price_for_there_is_nowhere_to_move_to()
    {
        var price = new double[1];

        ShadowPrice.Of([200], 80, price);

        Assert.Equal(0, price[0]);
    }

    // Invariant 24.
    [Fact]
    public void A_device_is_priced_by_its_own_forecast_alone()
    {
        double[] one = new double[3], other = new double[3];
        ShadowPrice.Of([70, 84, 60], 80, one);
        ShadowPrice.Of([95, 84, 20], 80, other);

        Assert.Equal(one[1], other[1]);
        Assert.True(one[2] < one[0] && one[0] < one[1]);
    }

    [Fact]
    public void At_the_limit_it_is_half_the_logarithm_of_2_and_far_above_it_is_capped()
    {
        Assert.Equal(0.5 * Math.Log(2), ShadowPrice.Of(80, 80), 1e-12);
        Assert.Equal(2, ShadowPrice.Of(1e9, 80));
        Assert.Equal(0, ShadowPrice.Of(-1e9, 80));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Without_a_forecast_there_is_no_price(double? forecast) => Assert.Equal(0, ShadowPrice.Of(forecast, 80));
}
