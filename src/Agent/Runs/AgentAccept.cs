using System.Globalization;
using System.Text.Json;
using EnergyTTT.Agent.Arguments;
using EnergyTTT.Telemetry.Acceptance;
using EnergyTTT.Telemetry.Nvml;
using EnergyTTT.Telemetry.Passports;

namespace EnergyTTT.Agent.Runs;

/// <summary><c>accept</c>: measurements of the sensors themselves.</summary>
internal static class AgentAccept
{
    public static int Run(AgentArguments arguments, TextWriter output, TextWriter errors)
    {
        var report = AcceptanceRun.Measure(NvmlOptions.DefaultLibrary, arguments.Gpu, arguments.Seconds, arguments.Label, TimeProvider.System, out var fault);
        if (report is null)
        {
            errors.WriteLine(fault);
            return 1;
        }

        if (arguments.Json)
        {
            output.WriteLine(JsonSerializer.Serialize(report, PassportJson.Default.AcceptanceReport));
            return 0;
        }

        output.WriteLine(Line($"{report.Gpu} {report.Model} driver {report.Driver}: {report.Label}, {report.Seconds:0.0} s, {report.Polls} polls"));
        foreach (var tick in report.Ticks)
        {
            output.WriteLine(tick.MedianMs is null
                ? $"  {tick.Sensor,-26} did not change"
                : Line($"  {tick.Sensor,-26} changes every {tick.MedianMs:0.0} ms (p10 {tick.P10Ms:0.0}, p90 {tick.P90Ms:0.0})"));
        }

        var power = report.Power;
        output.WriteLine(Line($"  mean power: counter {power.CounterWatts:0.0} W, field 185 {power.Field185Watts:0.0} W, field 186 {power.Field186Watts:0.0} W, GetPowerUsage {power.PowerUsageWatts:0.0} W"));
        foreach (var window in report.Windows)
        {
            output.WriteLine(Line($"  {window.WindowSeconds:0} s windows with edges {window.Edges}: {window.MeanWatts:0.0} W +- {window.DeviationPercent:0.00} % ({window.Windows})"));
        }

        foreach (var call in report.Latencies)
        {
            output.WriteLine(Line($"  {call.Call,-54} p50 {call.P50Us:0.0} us, p99 {call.P99Us:0.0} us, longest {call.LongestUs:0.0} us"));
        }

        foreach (var field in report.Fields)
        {
            output.WriteLine(Line($"  field {field.Field} scope {field.Scope} {field.Name,-24} {(field.Supported ? Line($"{field.Value}") : $"no (code {field.Code})")}"));
        }

        return 0;
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
