using System.Collections.Immutable;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Portal.Fleets;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Portal.Tests.Fleets;

/// <summary>
/// A fleet for looking at pages: every reading is a fixed function of the GPU's index and the time, so that a page's live values and
/// the history that the fake series endpoint serves are one curve. Settings make the faces: empty, stale, failing, silent sensors.
/// </summary>
public sealed class FakeFleet(TimeProvider clock) : IFleetSource
{
    private long _version;

    /// <summary>How many GPUs there are; 8 a host, 4 hosts a rack, 4 racks a site.</summary>
    public int Count { get; set; } = 64;

    /// <summary>How old the newest frame is.</summary>
    public TimeSpan Age { get; set; } = TimeSpan.Zero;

    /// <summary>Where the readings come from.</summary>
    public Origin Origin { get; set; } = Origin.Replayed;

    /// <summary>Thrown instead of answering.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Held before answering.</summary>
    public Task? Gate { get; set; }

    /// <summary>How often the fleet was asked.</summary>
    public int Asked { get; private set; }

    /// <inheritdoc/>
    public async Task<FleetSnapshot?> Snapshot(long after, CancellationToken cancellationToken)
    {
        Asked++;
        if (Gate is { } gate)
        {
            await gate.WaitAsync(cancellationToken);
        }

        if (Failure is { } failure)
        {
            throw failure;
        }

        var now = clock.GetUtcNow();
        return new FleetSnapshot(++_version, now, [.. Enumerable.Range(0, Count).Select(index => Gpu(index, now - Age))]);
    }

    /// <summary>The identity of a GPU by its index.</summary>
    public static GpuId Id(int index) => GpuId.Parse($"GPU-{index:x8}-0000-4000-8000-{index:x12}");

    /// <summary>The state of one GPU at a moment.</summary>
    public GpuState Gpu(int index, DateTimeOffset time)
    {
        var seconds = time.ToUnixTimeMilliseconds() / 1000.0;
        var power = Curves.Power(index, seconds);
        var lost = index == 13;
        return new GpuState
        {
            Gpu = Id(index),
            Site = index / 128 % 2 == 0 ? "ams" : "fra",
            Rack = $"r{(index / 32) + 1:00}",
            Host = $"host-{(index / 8) + 1:00}",
            Received = lost ? time - TimeSpan.FromMinutes(7) : time,
            EnergyTotalJoules = 4.2e8 + (index * 1e6) + ((seconds - 1.79e9) * 400),
            ForecastCelsius = Curves.Temperature(index, seconds) + 1.2,
            ForecastErrorCelsius = index % 8 == 5 ? null : 0.8,
            Description = new GpuDescription
            {
                Gpu = Id(index),
                Model = "NVIDIA H100 80GB HBM3",
                Driver = "580.159.04",
                PowerLimitMaxWatts = 700,
                PciBusId = $"00000000:{19 + (index % 8):x2}:00.0",
                State = lost ? "failed" : "ok",
                StateReason = lost ? "fell off the bus" : null,
                PowerCap = index switch
                {
                    1 => new(PowerCapState.Advised, 490, null, 12),
                    2 => new(PowerCapState.Enforced, 490, null, 12),
                    3 => new(PowerCapState.Refused, 490, "the driver says: no permission", 12),
                    4 => new(PowerCapState.Refused, null, "the card does not say its greatest power limit, which the cap is a share of", 12),
                    _ => null,
                },
                Passport = new SensorPassport("gpu",
                [
                    new("energy_joules", true, "nvmlDeviceGetTotalEnergyConsumption", 0.1, 0),
                    new("power_average_watts", true, "NVML_FI_DEV_POWER_AVERAGE", 0.1, 1),
                    new("temperature_celsius", true, "nvmlDeviceGetTemperatureV", 1, 0),
                    new("memory_temperature_celsius", index % 8 != 3, "NVML_FI_DEV_MEMORY_TEMP", 1, null, index % 8 == 3 ? "not supported by this card" : null),
                    new("thermal_margin_celsius", true, "nvmlDeviceGetMarginTemperature", 1, 0),
                ]),
            },
            Latest = new Frame
            {
                Gpu = Id(index),
                Sequence = (long)seconds,
                Time = time,
                Seconds = 1,
                Origin = Origin,
                EnergyJoules = power,
                EnergyMethod = EnergyMethod.Counter,
                PowerAverageWatts = power,
                PowerMaxWatts = power * 1.04,
                PowerLimitWatts = 700,
                TemperatureCelsius = index == 21 ? null : Curves.Temperature(index, seconds),
                MemoryTemperatureCelsius = index % 8 == 3 ? null : Curves.Temperature(index, seconds) + 9,
                ThermalMarginCelsius = 87 - Curves.Temperature(index, seconds),
                UtilizationRatio = Curves.Utilisation(index, seconds),
                MemoryActivityRatio = Curves.Utilisation(index, seconds) * 0.8,
                MemoryUsedBytes = 14_214_496_256,
                MemoryTotalBytes = 85_899_345_920,
                SmClockHertz = 1.98e9 - (power > 600 ? (power - 600) * 4e6 : 0),
                MemoryClockHertz = 2.619e9,
                ThrottleSeconds = new ThrottleSeconds { SwPowerCap = Math.Max(0, (power - 600) / 100), SwThermal = 0, HwThermal = 0, PowerBrake = null },
                Samples = 10,
            },
        };
    }
}
