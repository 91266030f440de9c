using System.Globalization;
using System.Text.Json;
using EnergyTTT.Telemetry.Sources;
using EnergyTTT.Wire.Gpus;

namespace EnergyTTT.Telemetry.Passports;

/// <summary>Prints the sensor passports of hosts: what <c>agent check</c> says.</summary>
public static class PassportPrinter
{
    /// <summary>Prints them and answers the exit code: 0 when every host was read and has a GPU, 1 otherwise.</summary>
    public static int Print(IReadOnlyList<HostDescription> hosts, bool json, TextWriter output)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(hosts, PassportJson.Default.IReadOnlyListHostDescription));
        }
        else
        {
            foreach (var host in hosts)
            {
                Print(host, output);
            }
        }

        return hosts.Count > 0 && hosts.All(host => host.Fault is null && host.Gpus.Count > 0) ? 0 : 1;
    }

    private static void Print(HostDescription host, TextWriter output)
    {
        var place = string.Join(" > ", new[] { host.Site, host.Rack, host.Host }.Where(part => part is not null));
        output.WriteLine(host.Gpus.Count == 1 ? $"{place}: 1 GPU" : $"{place}: {host.Gpus.Count} GPUs");
        if (host.Fault is not null)
        {
            output.WriteLine($"  fault: {host.Fault}");
        }

        foreach (var gpu in host.Gpus)
        {
            output.WriteLine();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"  {gpu.Gpu}  {gpu.Model ?? "unknown model"}  {gpu.PciBusId}  driver {gpu.Driver ?? "unknown"}  limit {(gpu.PowerLimitMaxWatts is { } watts ? $"{watts:0} W" : "unknown")}  power of the {gpu.Passport?.PowerScope ?? "board"}"));
            output.WriteLine($"  state {gpu.State}{(gpu.StateReason is null ? "" : ": " + gpu.StateReason)}");
            output.WriteLine($"  {"sensor",-32} {"",-4} {"ticks",8} {"averages",9}  source");
            foreach (var sensor in gpu.Passport?.Sensors ?? [])
            {
                output.WriteLine($"  {sensor.Name,-32} {(sensor.Supported ? "yes" : "no"),-4} {Seconds(sensor.TickSeconds),8} {Averaged(sensor),9}  {sensor.Source}{(sensor.Note is null ? "" : $" ({sensor.Note})")}");
            }
        }
    }

    private static string Averaged(SensorEntry sensor) => sensor.AveragedSeconds is 0 ? "moment" : Seconds(sensor.AveragedSeconds);

    private static string Seconds(double? seconds) => seconds is { } value ? string.Create(CultureInfo.InvariantCulture, $"{value * 1000:0} ms") : "-";
}
