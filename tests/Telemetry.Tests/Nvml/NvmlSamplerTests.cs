using EnergyTTT.Telemetry.Tests.FakeNvml;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.Nvml;

/// <summary>The real sampler, over the real entry points, on scripted cards.</summary>
public sealed class NvmlSamplerTests
{
    private const string First = "GPU-fa4e0000-0000-0000-0000-000000000000";
    private const string Second = "GPU-fa4e0000-0000-0000-0000-000000000001";

    private const string H100 = """
        gpu * set power 0 600
        gpu * set temp 0 66
        gpu * set memtemp 0 75
        gpu * set margin 0 21
        gpu * set util 0 100
        gpu * set memutil 0 86
        gpu * set used 0 14214496256
        gpu * set total 0 85520809984
        gpu * set sm 0 1980
        gpu * set mem 0 2619
        gpu * set reasons 0 0
        gpu * rate power_cap 0 0.25
        gpu * rate sw_thermal 0 0
        gpu * rate hw_thermal 0 0
        gpu * rate brake 0 0

        """;

    [Fact]
    public void A_frame_a_second_tells_what_the_card_says()
    {
        using var host = new ScriptedHost(H100).Run(5.05);

        var frame = host.Frames[3];
        Assert.Equal([0L, 1, 2, 3, 4], host.Frames.Select(f => f.Sequence));
        Assert.Equal(1.0, frame.Seconds, 3);
        Assert.Equal(600.0, frame.EnergyJoules!.Value, 3);
        Assert.Equal(EnergyMethod.Counter, frame.EnergyMethod);
        Assert.Equal(600.0, frame.PowerAverageWatts!.Value, 3);
        Assert.Equal(600.0, frame.PowerMaxWatts!.Value, 3);
        Assert.Equal((66.0, 75.0, 21.0), (frame.TemperatureCelsius, frame.MemoryTemperatureCelsius, frame.ThermalMarginCelsius));
        Assert.Equal((1.0, 0.86), (frame.UtilizationRatio, frame.MemoryActivityRatio));
        Assert.Equal((14214496256L, 85520809984L), (frame.MemoryUsedBytes, frame.MemoryTotalBytes));
        Assert.Equal((1.98e9, 2.619e9), (frame.SmClockHertz, frame.MemoryClockHertz));
        Assert.Equal(700.0, frame.PowerLimitWatts);
        Assert.Null(frame.FanRatio);
        Assert.Equal(0.25, frame.ThrottleSeconds!.SwPowerCap!.Value, 3);
        Assert.Equal((0.0, 0.0, 0.0), (frame.ThrottleSeconds.SwThermal, frame.ThrottleSeconds.HwThermal, frame.ThrottleSeconds.PowerBrake));
        Assert.Equal(10, frame.Samples);
        Assert.Equal(Origin.Measured, frame.Origin);
    }

    [Fact]
    public void The_first_batch_describes_host_and_cards()
    {
        using var host = new ScriptedHost("gpus 8\n" + H100).Run(3.05);

        var batch = host.Batches[0];
        Assert.Equal(("agent/host-3", "boot-1", "ams", "r07", "host-3"), (batch.Source, batch.Boot, batch.Site, batch.Rack, batch.Host));
        Assert.Equal(8, batch.Gpus!.Count);
        Assert.Equal(8, batch.Frames.Count);
        Assert.Equal(("NVIDIA H100 80GB HBM3", "580.159.04", "00000000:19:00.0", 700.0, "ok"),
            (batch.Gpus[0].Model, batch.Gpus[0].Driver, batch.Gpus[0].PciBusId, batch.Gpus[0].PowerLimitMaxWatts, batch.Gpus[0].State));
        Assert.Null(host.Batches[1].Gpus);
    }

    [Fact]
    public void Energy_over_a_changing_load_is_the_counters_difference()
    {
        using var host = new ScriptedHost("gpu * set power 0 70\ngpu * set power 3.3 690\ngpu * set power 7.7 134\n").Run(12.05);

        // 3.3 s at 70 W, 4.4 s at 690 W, 4.3 s at 134 W.
        Assert.Equal(231 + 3036 + 576.2, host.Frames.Sum(frame => frame.EnergyJoules!.Value), 1);
        Assert.Equal(690.0, host.Frames.Max(frame => frame.PowerMaxWatts!.Value), 3);
    }

    [Fact]
    public void A_counter_reset_drops_its_delta_and_is_counted()
    {
        using var host = new ScriptedHost(H100 + "gpu 0 reset 3.45\n").Run(8.05);

        Assert.All(host.Frames, frame => Assert.InRange(frame.EnergyJoules!.Value, 590, 610));
        Assert.Equal([EnergyMethod.Counter, EnergyMethod.Integral], host.Frames.Select(frame => frame.EnergyMethod!.Value).Distinct().Order());
        Assert.Contains("counter was reset (1 so far)", host.Log, StringComparison.Ordinal);
        Assert.Equal("resets seen: 1", host.Sensor("energy_joules").Note);
    }

    [Fact]
    public void A_glitch_of_terawatts_is_no_energy()
    {
        using var host = new ScriptedHost(H100 + "gpu 0 jump 3.45 4000000000000\n").Run(8.05);

        Assert.All(host.Frames, frame => Assert.InRange(frame.EnergyJoules!.Value, 590, 610));
    }

    [Fact]
    public void Without_a_counter_averaged_power_is_integrated()
    {
        using var host = new ScriptedHost(H100 + "gpu 0 fail 0 - energy 3\n").Run(5.05);

        Assert.All(host.Frames, frame => Assert.Equal(EnergyMethod.Integral, frame.EnergyMethod));
        Assert.All(host.Frames, frame => Assert.Equal(600.0, frame.EnergyJoules!.Value, 1));
        Assert.False(host.Sensor("energy_joules").Supported);
        Assert.Equal("not supported by this card", host.Sensor("energy_joules").Note);
    }

    [Fact]
    public void A_counter_that_stands_still_holds_frames_back_and_then_gives_way_to_the_integral()
    {
        using var host = new ScriptedHost(H100 + "gpu 0 stall 3 15\n").Run(22.05);

        Assert.Contains(host.Frames, frame => frame.Seconds > 9.9);
        Assert.Equal(22 * 600, host.Frames.Sum(frame => frame.EnergyJoules!.Value), tolerance: 61.0);
        Assert.All(host.Frames, frame => Assert.InRange(frame.EnergyJoules!.Value / frame.Seconds, 570, 630));
        Assert.Equal(EnergyMethod.Counter, host.Frames[^1].EnergyMethod);
    }

    [Fact]
    public void An_A100_has_no_average_sensor_so_the_counter_gives_the_mean()
    {
        using var host = new ScriptedHost("gpu 0 name NVIDIA A100-SXM4-80GB\ngpu 0 arch 7\ngpu 0 set power 0 400\ngpu 0 limit 400000\n").Run(3.05);

        Assert.False(host.Sensor("power_average_watts").Supported);
        Assert.Equal(("field 186 scope 0", 0.025), (host.Sensor("power_max_watts").Source, host.Sensor("power_max_watts").AveragedSeconds));
        Assert.All(host.Frames, frame => Assert.Equal(400.0, frame.PowerAverageWatts!.Value, 1));
        Assert.All(host.Frames, frame => Assert.Equal(EnergyMethod.Counter, frame.EnergyMethod));
    }

    [Fact]
    public void An_A100_without_a_counter_has_no_honest_energy()
    {
        using var host = new ScriptedHost("gpu 0 name NVIDIA A100-SXM4-80GB\ngpu 0 arch 7\ngpu 0 set power 0 400\ngpu 0 fail 0 - energy 3\n").Run(3.05);

        Assert.All(host.Frames, frame => Assert.Null(frame.EnergyJoules));
        Assert.All(host.Frames, frame => Assert.Null(frame.PowerAverageWatts));
        Assert.All(host.Frames, frame => Assert.Equal(400.0, frame.PowerMaxWatts!.Value, 1));
    }

    [Fact]
    public void An_old_driver_that_lacks_entry_points_is_read_by_what_it_has()
    {
        using var host = new ScriptedHost(H100, old: true).Run(3.05);

        var frame = host.Frames[^1];
        Assert.Equal("nvmlDeviceGetTemperature", host.Sensor("temperature_celsius").Source);
        Assert.Equal("nvmlDeviceGetTemperatureThreshold", host.Sensor("thermal_margin_celsius").Source);
        Assert.Equal("nvmlDeviceGetMemoryInfo", host.Sensor("memory_used_bytes").Source);
        Assert.Equal("nvmlDeviceGetPowerUsage", host.Sensor("power_max_watts").Source);
        Assert.Equal((66.0, 24.0, 14214496256L), (frame.TemperatureCelsius, frame.ThermalMarginCelsius, frame.MemoryUsedBytes));
        Assert.Equal(600.0, frame.EnergyJoules!.Value, 1);
    }

    [Fact]
    public void Missing_sensors_are_null_and_never_zero()
    {
        using var host = new ScriptedHost("gpu 0 set power 0 70\n").Run(2.05);

        var frame = host.Frames[^1];
        Assert.Equal(70.0, frame.EnergyJoules!.Value, 1);
        Assert.Null(frame.TemperatureCelsius);
        Assert.Null(frame.MemoryTemperatureCelsius);
        Assert.Null(frame.ThermalMarginCelsius);
        Assert.Null(frame.UtilizationRatio);
        Assert.Null(frame.MemoryUsedBytes);
        Assert.Null(frame.SmClockHertz);
        Assert.Null(frame.ThrottleSeconds);
    }

    [Theory]
    [InlineData("memtemp", 0)]
    [InlineData("memtemp", 4294967295)]
    [InlineData("temp", 4294967295)]
    [InlineData("temp", 200)]
    [InlineData("power", 5000)]
    [InlineData("util", 4294967295)]
    [InlineData("sm", 4294967295)]
    [InlineData("total", 0)]
    public void Sentinels_become_null(string sensor, double value)
    {
        var script = H100.Replace($"gpu * set {sensor} 0 ", $"gpu * set {sensor} 0 {value} #", StringComparison.Ordinal);
        using var host = new ScriptedHost(script).Run(2.05);

        var frame = host.Frames[^1];
        object? read = sensor switch
        {
            "memtemp" => frame.MemoryTemperatureCelsius,
            "temp" => frame.TemperatureCelsius,
            "power" => frame.PowerMaxWatts,
            "util" => frame.UtilizationRatio,
            "sm" => frame.SmClockHertz,
            _ => frame.MemoryTotalBytes,
        };
        Assert.Null(read);
    }

    [Fact]
    public void A_sensor_that_fails_for_a_while_is_null_for_that_while()
    {
        using var host = new ScriptedHost(H100 + "gpu 0 fail 3.05 5.05 temp 10\n").Run(8.05);

        Assert.Equal([true, true, true, false, false, true, true, true], host.Frames.Select(frame => frame.TemperatureCelsius is not null));
    }

    [Fact]
    public void What_may_not_be_read_degrades_the_card_and_the_rest_is_read()
    {
        using var host = new ScriptedHost(H100 + "gpu 0 fail 0 - clock 4\n").Run(2.05);

        Assert.Equal("degraded", host.Gpu(First).State);
        Assert.Contains("sm_clock_hertz: no permission", host.Gpu(First).StateReason, StringComparison.Ordinal);
        Assert.Null(host.Frames[^1].SmClockHertz);
        Assert.Equal(600.0, host.Frames[^1].EnergyJoules!.Value, 1);
    }

    [Fact]
    public void A_lost_card_is_failed_and_left_alone_while_the_others_go_on()
    {
        using var host = new ScriptedHost("gpus 2\n" + H100 + "gpu 0 fail 3.05 - all 15\n").Run(6.05);
        var calls = host.Driver.Calls;
        host.Run(2);

        Assert.Equal("failed", host.Gpu(First).State);
        Assert.Contains("fallen off the bus", host.Gpu(First).StateReason, StringComparison.Ordinal);
        Assert.Equal("ok", host.Gpu(Second).State);
        Assert.Equal(3, host.Frames.Count(frame => frame.Gpu.Value == First));
        Assert.Equal(8, host.Frames.Count(frame => frame.Gpu.Value == Second));
        // One call per step and ten per second of one card make 38: nothing is asked of the lost one.
        Assert.InRange(host.Driver.Calls - calls, 30, 50);
    }

    [Fact]
    public void A_lost_card_that_answers_again_goes_on_with_its_sequence_and_drops_what_the_reset_hid()
    {
        using var host = new ScriptedHost(H100 + "gpu 0 fail 3.05 20 all 15\ngpu 0 reset 15\n").Run(70.05);

        var frames = host.Frames;
        Assert.Equal("ok", host.Gpu(First).State);
        Assert.Equal(Enumerable.Range(0, frames.Count).Select(i => (long)i), frames.Select(frame => frame.Sequence));
        var gap = frames.Single(frame => frame.Seconds > 5);
        Assert.Null(gap.EnergyJoules);
        Assert.All(frames.Where(frame => frame != gap), frame => Assert.InRange(frame.EnergyJoules!.Value, 590, 610));
    }

    [Fact]
    public void A_driver_that_goes_away_degrades_the_host_and_the_counter_of_the_next_one_is_not_compared_with_the_old()
    {
        using var host = new ScriptedHost(H100 + "host fail 3.05 10 9\n").Run(5);
        Assert.Equal("degraded", host.Gpu(First).State);
        Assert.Contains("driver is not loaded", host.Gpu(First).StateReason, StringComparison.Ordinal);

        host.Run(20);

        Assert.Equal("ok", host.Gpu(First).State);
        Assert.Equal(Enumerable.Range(0, host.Frames.Count).Select(i => (long)i), host.Frames.Select(frame => frame.Sequence));
        Assert.Null(host.Frames.Single(frame => frame.Seconds > 5).EnergyJoules);
        Assert.All(host.Frames.Where(frame => frame.Seconds < 5), frame => Assert.InRange(frame.EnergyJoules!.Value, 590, 610));
    }

    [Fact]
    public void A_library_that_lost_its_connection_is_opened_again_and_no_joule_is_lost()
    {
        using var host = new ScriptedHost(H100 + "host fail 3.05 10 1\n").Run(25.05);

        // The counter went on while nobody looked: its joules come with the first frame afterwards, which covers the whole time.
        Assert.Equal(host.Frames.Sum(frame => frame.Seconds) * 600, host.Frames.Sum(frame => frame.EnergyJoules!.Value), tolerance: 61.0);
        Assert.InRange(host.Frames.Sum(frame => frame.Seconds), 24, 25.1);
    }

    [Fact]
    public void No_driver_at_all_is_a_state_and_not_a_crash()
    {
        using var host = new ScriptedHost("host fail 0 - 9\n").Run(5);

        Assert.Empty(host.Batches);
        Assert.Contains("driver is not loaded", host.Log, StringComparison.Ordinal);
        Assert.Contains("trying again in 2 s", host.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_that_may_not_be_opened_does_not_hide_the_others()
    {
        using var host = new ScriptedHost("gpus 2\n" + H100 + "gpu 0 handle 4\n").Run(2.05);

        Assert.All(host.Frames, frame => Assert.Equal(Second, frame.Gpu.Value));
        Assert.Equal(2, host.Frames.Count);
        Assert.Contains("GPU number 0: no permission", host.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void Slow_calls_are_asked_less_often_and_lose_no_energy()
    {
        using var host = new ScriptedHost(H100 + "gpu 0 slow 3 9 20\n").Run(40);

        var slow = host.Frames.Where(frame => frame.Time.Second is >= 6 and < 9).ToList();
        Assert.All(slow, frame => Assert.InRange(frame.Samples!.Value / frame.Seconds, 0.3, 4));
        Assert.InRange(host.Frames[^1].Samples!.Value, 9, 11);
        Assert.Equal(host.Frames.Sum(frame => frame.Seconds) * 600, host.Frames.Sum(frame => frame.EnergyJoules!.Value), tolerance: 61.0);
    }

    [Fact]
    public void Another_identity_behind_the_same_handle_is_another_card()
    {
        using var host = new ScriptedHost(H100 + "gpu 0 uuid 0 GPU-one\ngpu 0 uuid 20 GPU-two\n").Run(70);

        Assert.Equal(["GPU-one", "GPU-two"], host.Frames.Select(frame => frame.Gpu.Value).Distinct());
        Assert.Equal(0, host.Frames.First(frame => frame.Gpu.Value == "GPU-two").Sequence);
        Assert.Contains("GPU-one became GPU-two", host.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void A_card_in_MIG_mode_is_the_whole_card_without_utilisation()
    {
        using var host = new ScriptedHost(H100 + "gpu 0 mig 1\n").Run(2.05);

        Assert.Equal(600.0, host.Frames[^1].EnergyJoules!.Value, 1);
        Assert.Null(host.Frames[^1].UtilizationRatio);
        Assert.Contains("MIG", host.Sensor("energy_joules").Note, StringComparison.Ordinal);
    }

    [Fact]
    public void The_passport_tells_how_often_the_counter_ticks()
    {
        using var host = new ScriptedHost(H100, watch: TimeSpan.FromSeconds(1.2)).Run(3.05);

        Assert.Equal(0.1, host.Sensor("energy_joules").TickSeconds!.Value, 2);
        Assert.Equal("gpu", host.Gpu(First).Passport!.PowerScope);
        Assert.Equal(1.0, host.Sensor("power_average_watts").AveragedSeconds);
        Assert.False(host.Sensor("hotspot_temperature_celsius").Supported);
    }
}
