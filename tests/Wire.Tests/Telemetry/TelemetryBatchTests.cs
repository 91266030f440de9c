using System.Text.Json;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Wire.Tests.Telemetry;

public sealed class TelemetryBatchTests
{
    private const string Documented = """
        { "source": "agent/host-3", "boot": "0b6f", "site": "ams", "rack": "r07", "host": "host-3",
          "gpus": [ { "gpu": "GPU-4f3c", "model": "NVIDIA H100 80GB HBM3", "driver": "580.159.04", "power_limit_max_watts": 700 } ],
          "frames": [ { "gpu": "GPU-4f3c", "sequence": 41, "time": "2026-11-23T01:02:03Z", "seconds": 1.0, "origin": "measured",
              "energy_joules": 612.4, "energy_method": "counter", "power_average_watts": 611.9, "power_max_watts": 640.2,
              "temperature_celsius": 66, "memory_temperature_celsius": 75, "thermal_margin_celsius": 21, "utilization_ratio": 1.0,
              "memory_activity_ratio": 0.86, "memory_used_bytes": 14214496256, "memory_total_bytes": 85899345920,
              "sm_clock_hertz": 1980000000, "power_limit_watts": 700, "throttle_seconds": { "sw_power_cap": 0.0, "sw_thermal": 0.25, "hw_thermal": 0.0, "power_brake": 0.0 },
              "tokens": 14876, "samples": 10 } ] }
        """;

    [Fact]
    public void The_documented_message_is_read_field_by_field()
    {
        var batch = Read(Documented);

        var frame = Assert.Single(batch.Frames);
        Assert.Equal(("agent/host-3", "0b6f", "ams", "r07", "host-3"), (batch.Source, batch.Boot, batch.Site, batch.Rack, batch.Host));
        Assert.Equal(700, Assert.Single(batch.Gpus!).PowerLimitMaxWatts);
        Assert.Equal((GpuId.Parse("GPU-4f3c"), 41L, Origin.Measured, EnergyMethod.Counter), (frame.Gpu, frame.Sequence, frame.Origin, frame.EnergyMethod));
        Assert.Equal(new DateTimeOffset(2026, 11, 23, 1, 2, 3, TimeSpan.Zero), frame.Time);
        Assert.Equal((612.4, 611.9, 640.2, 66d, 75d, 21d), (frame.EnergyJoules, frame.PowerAverageWatts, frame.PowerMaxWatts, frame.TemperatureCelsius, frame.MemoryTemperatureCelsius, frame.ThermalMarginCelsius));
        Assert.Equal((1d, 0.86, 14_214_496_256, 85_899_345_920), (frame.UtilizationRatio, frame.MemoryActivityRatio, frame.MemoryUsedBytes, frame.MemoryTotalBytes));
        Assert.Equal((1.98e9, 700d, 0.25, 14_876L, 10), (frame.SmClockHertz, frame.PowerLimitWatts, frame.ThrottleSeconds!.SwThermal, frame.Tokens, frame.Samples));
    }

    [Fact]
    public void A_silent_sensor_is_absent_and_reads_back_as_null_never_as_zero()
    {
        var frame = Read(Documented).Frames[0] with { MemoryTemperatureCelsius = null, ThrottleSeconds = null };

        var text = JsonSerializer.Serialize(Read(Documented) with { Frames = [frame] }, WireJson.Default.TelemetryBatch);

        Assert.DoesNotContain("memory_temperature", text, StringComparison.Ordinal);
        Assert.Equal(frame, Read(text).Frames[0]);
    }

    [Theory]
    [InlineData("\"612.4\"")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    public void A_reading_that_is_no_json_number_in_range_never_becomes_a_finite_value(string value)
    {
        var text = Documented.Replace("612.4", value, StringComparison.Ordinal);

        var joules = 0d;
        var error = Record.Exception(() => joules = Read(text).Frames[0].EnergyJoules!.Value);

        Assert.True(error is JsonException || !double.IsFinite(joules));
    }

    [Theory]
    [InlineData("\"host\": \"host-3\",")]
    [InlineData("\"sequence\": 41,")]
    [InlineData("\"origin\": \"measured\",")]
    public void What_identifies_a_frame_must_be_there(string part) =>
        Assert.Throws<JsonException>(() => Read(Documented.Replace(part, "", StringComparison.Ordinal)));

    private static TelemetryBatch Read(string text) => JsonSerializer.Deserialize(text, WireJson.Default.TelemetryBatch)!;
}
