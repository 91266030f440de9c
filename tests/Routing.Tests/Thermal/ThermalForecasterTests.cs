using EnergyTTT.Routing.Thermal;

namespace EnergyTTT.Routing.Tests.Thermal;

public sealed class ThermalForecasterTests
{
    // Invariant 23.
    [Fact]
    public void After_learning_a_step_response_is_the_analytic_one()
    {
        const double Resistance = 0.08, Tau = 20, Coolant = 30, Step = 500;
        var forecaster = new ThermalForecaster();
        var readings = Cards.Simulated(5, 3600, 500, Coolant, [Resistance], [Tau], 0, false);
        foreach (var reading in readings)
        {
            forecaster.Observe(reading.TimeSeconds, reading.PowerWatts, reading.TemperatureCelsius);
        }

        var now = readings[^1].TemperatureCelsius;
        foreach (var horizon in new double[] { 5, 15, 30, 60, 120 })
        {
            // T(h) = Tend + (T(0) - Tend) exp(-h / tau)
            var end = Coolant + Resistance * Step;
            var expected = end + (now - end) * Math.Exp(-horizon / Tau);
            Assert.Equal(expected, forecaster.Planned(horizon, [Step])!.Value.Celsius, 1.0);
        }
    }

    [Fact]
    public void Holding_is_planning_the_same_power()
    {
        var forecaster = Warm();
        for (var t = 0; t < 30; t++)
        {
            forecaster.Observe(1000 + t, 400, 60);
        }

        Assert.Equal(forecaster.Hold(30)!.Value.Celsius, forecaster.Planned(30, [400.0])!.Value.Celsius, 1e-6);
        Assert.Equal(forecaster.Planned(30, Enumerable.Repeat(650.0, 30).ToArray())!.Value.Celsius, forecaster.Planned(30, [650.0, 650.0, 650.0], 0.7)!.Value.Celsius, 1e-9);
    }

    [Fact]
    public void More_planned_power_never_forecasts_a_cooler_card()
    {
        var forecaster = Warm();

        for (var watts = 0; watts < 700; watts += 50)
        {
            Assert.True(forecaster.Planned(30, [watts + 50.0])!.Value.Celsius >= forecaster.Planned(30, [(double)watts])!.Value.Celsius);
        }
    }

    [Fact]
    public void Before_the_first_reading_there_is_no_forecast_and_before_the_first_answer_no_error()
    {
        var forecaster = new ThermalForecaster();
        Assert.Null(forecaster.Hold(30));

        forecaster.Observe(0, 100, 40);

        var forecast = forecaster.Hold(30)!.Value;
        Assert.Null(forecast.MeanAbsoluteErrorCelsius);
        Assert.InRange(forecast.Celsius, 38, 42);
        Assert.True(forecast.LowCelsius < forecast.Celsius && forecast.Celsius < forecast.HighCelsius);
    }

    [Fact]
    public void It_scores_itself_against_persistence_as_time_passes()
    {
        var forecaster = Warm();

        var planned = forecaster.Planned(30, [300.0])!.Value;
        Assert.True(planned.MeanAbsoluteErrorCelsius < 0.3 * planned.PersistenceErrorCelsius);
        Assert.True(forecaster.Hold(30)!.Value.MeanAbsoluteErrorCelsius > planned.MeanAbsoluteErrorCelsius);
    }

    [Fact]
    public void Where_loads_come_and_go_less_is_expected_of_holding_them_and_where_they_last_all_of_it()
    {
        const double Resistance = 0.08, Tau = 20, Coolant = 30;

        // 500 W and 100 W for ten seconds each: nothing that holding either foretells for 30 s comes true.
        var restless = new ThermalForecaster(new() { PowerLimitWatts = 500 });
        var heat = 200.0;
        for (var t = 0; t < 600; t++)
        {
            var watts = t / 10 % 2 == 0 ? 500.0 : 100;
            heat += (watts - heat) * (1 - Math.Exp(-1 / Tau));
            restless.Observe(t, watts, Coolant + (Resistance * heat));
        }

        var (held, expected) = (restless.Hold(30)!.Value, restless.Expect(30)!.Value);
        Assert.True(expected.MeanAbsoluteErrorCelsius < 0.75 * held.MeanAbsoluteErrorCelsius, $"expected {expected.MeanAbsoluteErrorCelsius}, held {held.MeanAbsoluteErrorCelsius}");
        Assert.True(expected.MeanAbsoluteErrorCelsius <= 1.1 * expected.PersistenceErrorCelsius);

        // Five minutes at each level: a step is foretold.
        var steady = new ThermalForecaster(new() { PowerLimitWatts = 500 });
        for (var t = 0; t < 1803; t++)
        {
            var watts = t / 300 % 2 == 0 ? 100.0 : 500;
            heat += (watts - heat) * (1 - Math.Exp(-1 / Tau));
            steady.Observe(t, watts, Coolant + (Resistance * heat));
        }

        var now = Coolant + (Resistance * heat);
        Assert.InRange((steady.Expect(30)!.Value.Celsius - now) / (steady.Hold(30)!.Value.Celsius - now), 0.6, 1);
        Assert.True(steady.Expect(30)!.Value.MeanAbsoluteErrorCelsius < steady.Expect(30)!.Value.PersistenceErrorCelsius);
    }

    [Theory]
    [InlineData(double.NaN, 300, 50)]
    [InlineData(901, double.NaN, 50)]
    [InlineData(901, -1, 50)]
    [InlineData(901, 300, double.NaN)]
    [InlineData(901, 300, 255)]
    [InlineData(900, 300, 50)]
    [InlineData(12, 300, 50)]
    public void A_reading_that_cannot_be_is_ignored(double time, double watts, double celsius)
    {
        var forecaster = Warm();
        var before = forecaster.Snapshot();

        Assert.False(forecaster.Observe(time, watts, celsius));

        Assert.Equal(before, forecaster.Snapshot());
    }

    [Fact]
    public void A_gap_starts_the_heat_afresh_but_keeps_what_was_learned()
    {
        var forecaster = Warm();
        var resistance = forecaster.ResistanceCelsiusPerWatt;

        Assert.True(forecaster.Observe(5000, 100, 40));

        Assert.InRange(forecaster.ResistanceCelsiusPerWatt, 0.9 * resistance, 1.1 * resistance);
        Assert.InRange(forecaster.Hold(30)!.Value.Celsius, 36, 44);
    }

    [Fact]
    public void A_restored_forecaster_goes_on_exactly_where_it_was()
    {
        var forecaster = Warm();
        var restored = ThermalForecaster.Restore(forecaster.Snapshot(), new() { PowerLimitWatts = 500 });

        Assert.Equal(forecaster.Hold(30), restored.Hold(30));
        Assert.Equal(forecaster.Expect(30), restored.Expect(30));
        for (var t = 901; t < 904; t++)
        {
            Assert.True(forecaster.Observe(t, 500, 60));
            Assert.True(restored.Observe(t, 500, 60));
            Assert.Equal(forecaster.Hold(30)!.Value.Celsius, restored.Hold(30)!.Value.Celsius);
        }
    }

    [Fact]
    public void A_snapshot_of_another_length_or_with_a_hole_is_refused()
    {
        var snapshot = Warm().Snapshot();
        Assert.Throws<ArgumentException>(() => ThermalForecaster.Restore(snapshot.AsSpan(1)));
        snapshot[9] = double.NaN;

        Assert.Throws<ArgumentException>(() => ThermalForecaster.Restore(snapshot));
    }

    [Fact]
    public void A_horizon_outside_ten_minutes_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new ThermalForecaster().Hold(601));

    [Fact]
    public void Nothing_is_allocated_per_reading_and_ten_thousand_cards_take_a_small_part_of_a_second()
    {
        var forecaster = Warm();
        double[] plan = [300, 500];
        var sum = 0.0;
        var fastest = TimeSpan.MaxValue;
        long allocated = 0;
        for (var round = 0; round < 5; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            var start = System.Diagnostics.Stopwatch.GetTimestamp();
            for (var i = 0; i < 10_000; i++)
            {
                forecaster.Observe(1000 + round * 10_000 + i, 300 + i % 200, 60);
                sum += forecaster.Hold(30)!.Value.Celsius + forecaster.Planned(15, plan)!.Value.HighCelsius;
            }

            var elapsed = System.Diagnostics.Stopwatch.GetElapsedTime(start);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            fastest = elapsed < fastest ? elapsed : fastest;
        }

        Assert.True(double.IsFinite(sum));
        Assert.Equal(0, allocated);
        // About 15 ms where it was written; the bound is for a busy machine and an unoptimised build.
        Assert.InRange(fastest.TotalMilliseconds, 0, 300);
    }

    [Fact]
    public void A_year_of_nonsense_does_not_break_it()
    {
        var random = new Random(3);
        var forecaster = new ThermalForecaster();
        double time = 0;
        for (var i = 0; i < 300_000; i++)
        {
            time += random.Next(4) switch { 0 => 0.01, 1 => 1, 2 => 7, _ => 100 };
            forecaster.Observe(time, random.Next(3) == 0 ? 0 : 1200 * random.NextDouble(), -20 + 150 * random.NextDouble());
        }

        var forecast = forecaster.Hold(60)!.Value;
        Assert.True(double.IsFinite(forecast.Celsius) && double.IsFinite(forecast.HighCelsius) && forecast.HighCelsius >= forecast.LowCelsius);
        Assert.True(forecaster.ResistanceCelsiusPerWatt >= 0);
        Assert.All(forecaster.Snapshot(), v => Assert.True(double.IsFinite(v)));
    }

    private static ThermalForecaster Warm()
    {
        var forecaster = new ThermalForecaster(new() { PowerLimitWatts = 500 });
        foreach (var reading in Cards.Simulated(9, 900, 500, 30, [0.04, 0.04], [0.5, 20], 0.1, true))
        {
            forecaster.Observe(reading.TimeSeconds, reading.PowerWatts, reading.TemperatureCelsius);
        }

        return forecaster;
    }
}
