using System.Text;
using System.Text.Json;
using EnergyTTT.Portal.Tests.Fleets;

namespace EnergyTTT.Portal.Tests.Hosts;

/// <summary>Answers <c>GET /v1/series</c> in binary columns from the fake fleet's curves, with a gap of a minute every ten minutes.</summary>
public static class FakeSeries
{
    /// <summary>The media type of binary columns.</summary>
    public const string MediaType = "application/vnd.energyttt.columns";

    /// <summary>The answer to one query.</summary>
    public static byte[] Answer(FakeFleet fleet, string metric, string? gpu, string? aggregate, DateTimeOffset from, DateTimeOffset to)
    {
        var seconds = (to - from).TotalSeconds;
        double[] steps = [1, 2, 5, 10, 30, 60, 300, 900, 3600, 10_800, 86_400];
        var step = steps.First(candidate => seconds / candidate <= 1_500 || candidate == 86_400);
        var first = Math.Ceiling(from.ToUnixTimeMilliseconds() / 1000.0 / step) * step;
        var times = new List<double>();
        for (var time = first; time < to.ToUnixTimeMilliseconds() / 1000.0; time += step)
        {
            times.Add(time);
        }

        if (gpu is null && aggregate is null)
        {
            var all = Enumerable.Range(0, fleet.Count).ToArray();
            var columns = all.Select(index => (IReadOnlyList<double>)times.ConvertAll(time => One(fleet, metric, index, time))).ToArray();
            return Encode(times, columns, step, from, to, [.. all.Select(index => (object)new { gpu = FakeFleet.Id(index).Value, metric, unit = "W", label = FakeFleet.Id(index).Value, origin = "replayed" })]);
        }

        var members = gpu is null ? Enumerable.Range(0, fleet.Count).ToArray() : [.. Enumerable.Range(0, fleet.Count).Where(index => FakeFleet.Id(index).Value == gpu)];
        var values = times.ConvertAll(time => Value(fleet, metric, members, aggregate, time, step));
        return Encode(times, [values], step, from, to, [new { gpu, metric, unit = "W", label = metric, origin = "replayed" }]);
    }

    /// <summary>Writes columns as the contract says.</summary>
    public static byte[] Encode(IReadOnlyList<double> times, IReadOnlyList<IReadOnlyList<double>> columns, double step, DateTimeOffset from, DateTimeOffset to, object[] series)
    {
        var header = JsonSerializer.Serialize(new { points = times.Count, step_seconds = step, from, to, series });
        var padding = (8 - ((4 + Encoding.UTF8.GetByteCount(header)) % 8)) % 8;
        var head = Encoding.UTF8.GetBytes(header + new string(' ', padding));
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write((uint)head.Length);
        writer.Write(head);
        foreach (var column in columns.Prepend(times))
        {
            foreach (var value in column)
            {
                writer.Write(value);
            }
        }

        return stream.ToArray();
    }

    private static double Value(FakeFleet fleet, string metric, int[] members, string? aggregate, double time, double step)
    {
        if (members.Length == 0 || (time % 600 < 60 && time % 3600 < 600))
        {
            return double.NaN;
        }

        // A few members stand for the fleet: the fake must not cost more than the page.
        var sample = members.Length > 16 ? members.Where((_, position) => position % (members.Length / 16) == 0).ToArray() : members;
        var values = sample.Select(index => One(fleet, metric, index, time)).Where(value => !double.IsNaN(value)).ToArray();
        if (values.Length == 0)
        {
            return double.NaN;
        }

        var perStep = metric is "energy_joules" || metric.StartsWith("throttle", StringComparison.Ordinal) ? step : 1;
        return perStep * (aggregate switch { "sum" => values.Average() * members.Length, "max" => values.Max(), _ => values.Average() });
    }

    private static double One(FakeFleet fleet, string metric, int index, double time)
    {
        var frame = fleet.Gpu(index, DateTimeOffset.FromUnixTimeMilliseconds((long)(time * 1000))).Latest;
        return metric switch
        {
            "power_average_watts" => frame.PowerAverageWatts,
            "power_max_watts" => frame.PowerMaxWatts,
            "energy_joules" => frame.EnergyJoules,
            "temperature_celsius" => frame.TemperatureCelsius,
            "memory_temperature_celsius" => frame.MemoryTemperatureCelsius,
            "thermal_margin_celsius" => frame.ThermalMarginCelsius,
            "utilization_ratio" => frame.UtilizationRatio,
            "memory_activity_ratio" => frame.MemoryActivityRatio,
            "sm_clock_hertz" => frame.SmClockHertz,
            "memory_clock_hertz" => frame.MemoryClockHertz,
            "throttle_sw_power_cap_seconds" => frame.ThrottleSeconds?.SwPowerCap,
            "throttle_sw_thermal_seconds" => frame.ThrottleSeconds?.SwThermal,
            "throttle_hw_thermal_seconds" => frame.ThrottleSeconds?.HwThermal,
            _ => null,
        } ?? double.NaN;
    }
}
