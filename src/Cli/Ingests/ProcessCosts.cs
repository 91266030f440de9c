using System.Globalization;

namespace EnergyTTT.Cli.Ingests;

/// <summary>Processor time of the server, of its PostgreSQL and of the load generator, as Linux counts it; and the server's memory.</summary>
/// <param name="Server">Seconds of the server's process.</param>
/// <param name="Postgres">Seconds of PostgreSQL's processes.</param>
/// <param name="Generator">Seconds of this process.</param>
/// <param name="Machine">Seconds in which the machine's processors were busy, with whatever; steal of a virtual machine's host included.</param>
internal readonly record struct ProcessCosts(double Server, double Postgres, double Generator, double Machine)
{
    private const double TicksPerSecond = 100;

    // Of "cpu user nice system idle iowait irq softirq steal ..."
    private static readonly int[] BusyFields = [1, 2, 3, 6, 7, 8];

    /// <summary>Reads the clocks now. A process that cannot be read counts nothing.</summary>
    public static ProcessCosts Now(int server, int postmaster)
    {
        var postgres = Seconds(postmaster) + Children(postmaster).Sum(Seconds);
        return new ProcessCosts(Seconds(server), postgres, Environment.CpuUsage.TotalTime.TotalSeconds, Busy());
    }

    /// <summary>What was spent since an earlier reading.</summary>
    public ProcessCosts Since(ProcessCosts before) => new(Server - before.Server, Postgres - before.Postgres, Generator - before.Generator, Machine - before.Machine);

    /// <summary>Seconds that went to others; the kernel's own work for the network is among them, since it belongs to no process.</summary>
    public double Others => Math.Max(0, Machine - Server - Postgres - Generator);

    /// <summary>Resident memory of a process in bytes: now, and the greatest it ever had.</summary>
    public static (long Now, long Greatest) Memory(int process)
    {
        var status = Read(process, "status").Split('\n');
        return (Line("VmRSS:"), Line("VmHWM:"));

        long Line(string name) => status.FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal)) is { } line
            ? long.Parse(new string([.. line.Where(char.IsAsciiDigit)]), CultureInfo.InvariantCulture) * 1024
            : 0;
    }

    private static double Busy() =>
        File.Exists("/proc/stat") && File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries) is { Length: > 8 } fields
            ? BusyFields.Sum(field => double.Parse(fields[field], CultureInfo.InvariantCulture)) / TicksPerSecond
            : 0;

    private static IEnumerable<int> Children(int parent)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) && Fields(id) is { Length: > 1 } fields && fields[1] == parent.ToString(CultureInfo.InvariantCulture))
            {
                yield return id;
            }
        }
    }

    // utime and stime are the 14th and 15th field; a postmaster also keeps those of the children that ended (16th, 17th).
    private static double Seconds(int process) =>
        Fields(process) is { Length: > 14 } fields ? fields[11..15].Sum(ticks => double.Parse(ticks, CultureInfo.InvariantCulture)) / TicksPerSecond : 0;

    // The name in brackets may hold anything, so the fields are counted from behind it.
    private static string[] Fields(int process)
    {
        var stat = Read(process, "stat");
        var end = stat.LastIndexOf(')');
        return end < 0 ? [] : stat[(end + 2)..].Split(' ');
    }

    private static string Read(int process, string file)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/{file}"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
