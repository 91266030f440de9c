using CsCheck;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Tests.Monitoring;

public sealed class MonitoringTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 1, 0, 0, TimeSpan.Zero);
    private static readonly MonitoringOptions Options = new();

    private static readonly GpuStatistics Busy = new()
    {
        Time = Now,
        Origin = Origin.Measured,
        PowerWatts = 500,
        PowerLimitWatts = 700,
        TemperatureCelsius = 62,
        ThermalMarginCelsius = 25,
        MemoryUsedBytes = 40L << 30,
        MemoryTotalBytes = 80L << 30,
    };

    [Fact]
    public void The_health_score_changes_whenever_any_input_does() =>
        Gen.Select(Gen.Double[20, 110], Gen.Double[0, 900], Gen.Double[300, 900], Gen.Long[0, 80L << 30], Gen.Int[0, 3]).Sample(x =>
        {
            var (celsius, watts, limit, used, which) = x;
            var before = Busy with { TemperatureCelsius = celsius, PowerWatts = watts, PowerLimitWatts = limit, MemoryUsedBytes = used, ThermalMarginCelsius = null };
            var after = which switch
            {
                0 => before with { TemperatureCelsius = celsius + 1 },
                1 => before with { PowerWatts = watts + 5 },
                2 => before with { MemoryUsedBytes = used + (1L << 30) },
                _ => before with { PowerLimitWatts = limit * 0.98, PowerWatts = watts + 1 },
            };

            double a = HealthScore.Of(before, Options).Score!.Value, b = HealthScore.Of(after, Options).Score!.Value;
            Assert.InRange(a, 0, 1);
            Assert.True(b < a, $"{a:R} then {b:R} for {after}");
        });

    [Fact]
    public void A_cool_idle_empty_card_is_healthy_and_one_at_all_limits_is_not()
    {
        Assert.InRange(HealthScore.Of(Busy with { TemperatureCelsius = 30, ThermalMarginCelsius = null, PowerWatts = 0, MemoryUsedBytes = 0 }, Options).Score!.Value, 0.95, 1);
        Assert.InRange(HealthScore.Of(Busy with { TemperatureCelsius = 85, ThermalMarginCelsius = null, PowerWatts = 700, MemoryUsedBytes = 80L << 30 }, Options).Score!.Value, 0, 0.05);
    }

    [Fact]
    public void The_cards_own_slowdown_threshold_counts_before_the_option()
    {
        var near = HealthScore.Of(Busy with { TemperatureCelsius = 62, ThermalMarginCelsius = 3 }, Options);
        var far = HealthScore.Of(Busy with { TemperatureCelsius = 62, ThermalMarginCelsius = 40 }, Options);

        Assert.True(near.Temperature < far.Temperature);
    }

    [Fact]
    public void A_missing_sensor_is_left_out_of_the_mean_and_never_counts_as_0()
    {
        var score = HealthScore.Of(new GpuStatistics { Time = Now, Origin = Origin.Measured, PowerWatts = 350, PowerLimitWatts = 700 }, Options);

        Assert.Null(score.Temperature);
        Assert.Null(score.Memory);
        Assert.Equal(0.5, score.Score!.Value, 1e-12);
        Assert.Null(HealthScore.Of(new GpuStatistics { Time = Now, Origin = Origin.Measured }, Options).Score);
    }

    [Theory]
    [InlineData(Origin.Measured, 2.0, 1)]
    [InlineData(Origin.Measured, 2.001, 0)]
    [InlineData(Origin.Replayed, 0.0, 1)]
    [InlineData(Origin.Modelled, 0.0, 0)]
    [InlineData(Origin.Simulated, 0.0, 0)]
    public void Stale_or_simulated_telemetry_does_not_train(Origin origin, double age, double validity) =>
        Assert.Equal(validity, TelemetryFreshness.Of(Busy with { Origin = origin }, Now.AddSeconds(age), Options).Validity);

    [Theory]
    [InlineData(Origin.Measured, 1)]
    [InlineData(Origin.Modelled, 1)]
    [InlineData(Origin.Simulated, 1)]
    public void Simulated_telemetry_trains_where_everything_is_simulated(Origin origin, double validity)
    {
        var simulation = Options with { WeakestOrigin = Origin.Simulated };

        Assert.Equal(validity, TelemetryFreshness.Of(Busy with { Origin = origin }, Now, simulation).Validity);
        Assert.Equal(0, TelemetryFreshness.Of(Busy with { Origin = origin }, Now.AddSeconds(3), simulation).Validity);
    }

    [Fact]
    public void Modelled_telemetry_trains_an_experiment_that_models_everything_and_simulated_telemetry_does_not()
    {
        var modelled = Options with { WeakestOrigin = Origin.Modelled };

        Assert.Equal(1, TelemetryFreshness.Of(Busy with { Origin = Origin.Modelled }, Now, modelled).Validity);
        Assert.Equal(0, TelemetryFreshness.Of(Busy with { Origin = Origin.Simulated }, Now, modelled).Validity);
    }

    [Fact]
    public void No_telemetry_at_all_is_stale()
    {
        var freshness = TelemetryFreshness.Of(null, Now, Options);

        Assert.True(freshness.IsStale);
        Assert.Null(freshness.Age);
        Assert.Equal(0, freshness.Validity);
    }

    [Fact]
    public void The_latest_readings_are_those_of_the_latest_time_and_not_of_the_latest_arrival()
    {
        var monitor = new LatestStatistics();
        Assert.Null(monitor.CurrentStatistics);

        Assert.True(monitor.Observe(Busy));
        Assert.False(monitor.Observe(Busy with { Time = Now.AddSeconds(-1), PowerWatts = 1 }));
        Assert.True(monitor.Observe(Busy with { Time = Now.AddSeconds(1), PowerWatts = 600 }));

        Assert.Equal(600, monitor.CurrentStatistics!.PowerWatts);
    }

    [Fact]
    public void A_frame_becomes_statistics_with_its_silences()
    {
        var statistics = GpuStatistics.Of(new Frame
        {
            Gpu = GpuId.Parse("GPU-1"),
            Sequence = 1,
            Time = Now,
            Seconds = 2,
            Origin = Origin.Replayed,
            EnergyJoules = 1000,
            PowerAverageWatts = 480,
            TemperatureCelsius = 60,
            ThermalMarginCelsius = 27,
            ThrottleSeconds = new() { SwPowerCap = 1, HwThermal = 0.2 },
        });

        Assert.Equal(500, statistics.PowerWatts);
        Assert.Equal(87, statistics.SlowdownCelsius);
        Assert.True(statistics.ThermallyThrottled);
        Assert.Null(statistics.MemoryUsedRatio);
        Assert.Equal(Origin.Replayed, statistics.Origin);
    }
}
