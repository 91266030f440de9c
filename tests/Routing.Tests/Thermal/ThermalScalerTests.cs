using EnergyTTT.Routing.Thermal;

namespace EnergyTTT.Routing.Tests.Thermal;

public sealed class ThermalScalerTests
{
    // Invariant 23.
    [Fact]
    public void Noise_of_one_degree_around_a_threshold_does_not_make_the_state_chatter()
    {
        var random = new Random(23);
        var scaler = new ThermalScaler();
        List<ThermalState> states = [];
        for (var t = 0; t < 3600; t++)
        {
            states.Add(scaler.Observe(t, 75 + 2 * random.NextDouble() - 1).State!.Value);
        }

        // Once hot it stays hot: the noise never falls 3 degrees.
        Assert.True(states.Zip(states.Skip(1)).Count(p => p.First != p.Second) <= 1);
        Assert.Equal(ThermalState.Hot, states[^1]);
    }

    [Theory]
    [InlineData(59.9, ThermalState.Cool, 1.0)]
    [InlineData(60, ThermalState.Warm, 1.2)]
    [InlineData(75, ThermalState.Hot, 1.5)]
    [InlineData(85, ThermalState.Critical, 2.0)]
    public void A_temperature_has_its_state_and_factor(double celsius, ThermalState state, double factor)
    {
        var scale = new ThermalScaler().Observe(0, celsius);

        Assert.Equal(state, scale.State);
        Assert.Equal(factor, scale.TemperatureFactor);
        Assert.Equal(state == ThermalState.Critical, scale.RecommendsCap);
    }

    [Fact]
    public void A_reported_slowdown_threshold_replaces_the_fixed_ones()
    {
        Assert.Equal(ThermalState.Cool, new ThermalScaler().Observe(0, 64.9, slowdownCelsius: 90).State);
        Assert.Equal(ThermalState.Warm, new ThermalScaler().Observe(0, 65, slowdownCelsius: 90).State);
        Assert.Equal(ThermalState.Hot, new ThermalScaler().Observe(0, 78, slowdownCelsius: 90).State);
        Assert.Equal(ThermalState.Critical, new ThermalScaler().Observe(0, 85, slowdownCelsius: 90).State);
    }

    [Fact]
    public void It_rises_at_once_and_falls_after_the_dwell_and_below_the_hysteresis()
    {
        var scaler = new ThermalScaler();

        Assert.Equal(ThermalState.Cool, scaler.Observe(0, 50).State);
        Assert.Equal(ThermalState.Critical, scaler.Observe(1, 86).State);
        Assert.Equal(ThermalState.Critical, scaler.Observe(5.9, 50).State);
        Assert.Equal(ThermalState.Critical, scaler.Observe(7, 82).State);
        Assert.Equal(ThermalState.Hot, scaler.Observe(8, 81.9).State);
        Assert.Equal(ThermalState.Hot, scaler.Observe(9, 50).State);
        Assert.Equal(ThermalState.Cool, scaler.Observe(13, 50).State);
    }

    [Fact]
    public void A_throttle_reason_is_a_state_of_its_own_even_without_a_temperature()
    {
        var scaler = new ThermalScaler();

        Assert.Equal(ThermalState.Throttling, scaler.Observe(0, null, thermallyThrottled: true).State);
        Assert.Equal(2.5 * 1.3, scaler.Observe(1, 80, 690, 700, thermallyThrottled: true).Urgency, 1e-12);
        Assert.Equal(ThermalState.Hot, scaler.Observe(7, 80).State);
    }

    [Fact]
    public void A_missing_sensor_is_neutral_and_no_default_temperature()
    {
        var scale = new ThermalScaler().Observe(0, null, null, null);

        Assert.Null(scale.State);
        Assert.Equal(1, scale.Urgency);
        Assert.Equal(ThermalState.Cool, new ThermalScaler().Observe(0, 40).State);
    }

    // Invariant 23.
    [Fact]
    public void Urgency_never_falls_when_temperature_or_power_rise_and_stays_within_1_and_3_25()
    {
        double before = 0;
        for (var celsius = -20.0; celsius <= 130; celsius += 0.5)
        {
            var urgency = new ThermalScaler().Observe(0, celsius, 300, 700).Urgency;
            Assert.InRange(urgency, Math.Max(before, 1), 3.25);
            before = urgency;
        }

        before = 0;
        for (var watts = 0.0; watts <= 1000; watts++)
        {
            var factor = ThermalFactors.OfPower(watts, 700);
            Assert.InRange(factor, Math.Max(before, 1), 1.3);
            before = factor;
        }

        Assert.Equal(3.25, new ThermalScaler().Observe(0, 90, 700, 700, thermallyThrottled: true).Urgency);
    }

    [Theory]
    [InlineData(437.4, 1.0)]
    [InlineData(437.5, 1.1)]
    [InlineData(525, 1.3)]
    public void The_power_factor_steps_at_five_eighths_and_three_quarters_of_the_limit(double watts, double factor) => Assert.Equal(factor, ThermalFactors.OfPower(watts, 700));

    [Fact]
    public void Thresholds_that_do_not_rise_are_refused() =>
        Assert.Throws<ArgumentException>(() => new ThermalScaler(new ThermalScalingOptions { Thresholds = new ThermalThresholds(60, 60, 85) }));

    [Fact]
    public void The_base_scaling_multiplies_the_urgency() => Assert.Equal(1.5 * 2, new ThermalScaler(new ThermalScalingOptions { BaseScaling = 2 }).Observe(0, 80).Scaling);
}
