using EnergyTTT.Contracts.Gpus;

namespace EnergyTTT.Portal.Charts;

/// <summary>One chart of the GPU page: what it shows, where its history comes from, and how a live frame joins it.</summary>
/// <param name="Name">Names it on the page.</param>
/// <param name="Title">Its title.</param>
/// <param name="Unit">The unit of its values.</param>
/// <param name="Series">Its lines.</param>
/// <param name="Live">The values of one frame, in the order of its lines.</param>
public sealed record GpuChart(string Name, string Title, string Unit, IReadOnlyList<ChartSeries> Series, Func<GpuState, double?[]> Live)
{
    /// <summary><c>line</c> or <c>bars</c>.</summary>
    public string Kind { get; init; } = "line";

    /// <summary>Limits.</summary>
    public IReadOnlyList<ChartLine> Lines { get; init; } = [];

    /// <summary>Lower end of the scale; null fits the data.</summary>
    public double? Min { get; init; }

    /// <summary>Upper end of the scale; null fits the data.</summary>
    public double? Max { get; init; }

    /// <summary>Whether the sum over the range is written below.</summary>
    public bool Total { get; init; }

    /// <summary>A few words beside the title.</summary>
    public string? Note { get; init; }

    /// <summary>The charts of one GPU, in the order of the page.</summary>
    public static IReadOnlyList<GpuChart> Of(GpuState gpu)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        string Query(string metric) => $"metric={metric}&gpu={Uri.EscapeDataString(gpu.Gpu.Value)}";
        return
        [
            new("power", "Power", "W",
                [new("mean", Query("power_average_watts"), "power"), new("peak", Query("power_max_watts"), "power-peak", 2, "max")],
                state => [state.Latest.PowerAverageWatts, state.Latest.PowerMaxWatts])
            {
                Min = 0,
                Lines = gpu.Latest.PowerLimitWatts is { } limit ? [new(limit, "limit")] : [],
            },
            new("energy", "Energy", "J", [new("energy", Query("energy_joules"), "energy", Fold: "sum")], state => [state.Latest.EnergyJoules])
            {
                Kind = "bars",
                Min = 0,
                Total = true,
                Note = gpu.Latest.EnergyMethod switch
                {
                    Wire.Telemetry.EnergyMethod.Counter => "from the card's counter",
                    Wire.Telemetry.EnergyMethod.Integral => "integrated from power",
                    _ => null,
                },
            },
            new("temperature", "Temperature", "°C",
                [new("die", Query("temperature_celsius"), "temperature"), new("memory", Query("memory_temperature_celsius"), "memory", 1)],
                state => [state.Latest.TemperatureCelsius, state.Latest.MemoryTemperatureCelsius]),
            new("margin", "Margin to slowdown", "°C", [new("margin", Query("thermal_margin_celsius"), "margin")], state => [state.Latest.ThermalMarginCelsius])
            {
                Lines = [new(0, "slowdown", true)],
            },
            new("clocks", "Clocks", "Hz",
                [new("multiprocessors", Query("sm_clock_hertz"), "clock"), new("memory", Query("memory_clock_hertz"), "memory", 1)],
                state => [state.Latest.SmClockHertz, state.Latest.MemoryClockHertz])
            {
                Min = 0,
            },
            new("utilisation", "Utilisation", "ratio",
                [new("kernels running", Query("utilization_ratio"), "utilisation"), new("memory busy", Query("memory_activity_ratio"), "memory", 1)],
                state => [state.Latest.UtilizationRatio, state.Latest.MemoryActivityRatio])
            {
                Min = 0,
                Max = 1,
            },
            new("throttle", "Throttle ledger", "s",
                [
                    new("power cap", Query("throttle_sw_power_cap_seconds"), "power", 0, "sum"),
                    new("heat (driver)", Query("throttle_sw_thermal_seconds"), "temperature", 1, "sum"),
                    new("heat (hardware)", Query("throttle_hw_thermal_seconds"), "memory", 2, "sum"),
                    new("power brake", Query("throttle_power_brake_seconds"), "margin", 3, "sum"),
                ],
                state => [state.Latest.ThrottleSeconds?.SwPowerCap, state.Latest.ThrottleSeconds?.SwThermal, state.Latest.ThrottleSeconds?.HwThermal, state.Latest.ThrottleSeconds?.PowerBrake])
            {
                Min = 0,
                Total = true,
                Note = "time slowed, by reason",
            },
        ];
    }

    /// <summary>The newest frame of a GPU as one moment for all its charts.</summary>
    public static LiveMoment Moment(GpuState gpu)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        return new(gpu.Latest.Time.ToUnixTimeMilliseconds() / 1000.0, Of(gpu).ToDictionary(chart => chart.Name, chart => chart.Live(gpu)));
    }
}
