using System.Globalization;

namespace EnergyTTT.Faults.Reports;

/// <summary>
/// How long and how often a fault is made, and where what came of it is written: a short form for every run of the tests, a long one and a report when
/// <c>eng/faults.sh</c> asks for them.
/// </summary>
internal static class FaultReport
{
    /// <summary>The form of tests that need root's rights or minutes; <c>./test.sh</c> leaves them to <c>eng/faults.sh</c>.</summary>
    public const string Form = "Form";

    /// <summary>The value of <see cref="Form"/> for such tests.</summary>
    public const string Long = "long";

    private static readonly Lock OneRow = new();

    /// <summary>Whether the long form was asked for.</summary>
    public static bool IsLong { get; } = Environment.GetEnvironmentVariable("ENERGYTTT_FAULTS") == Long;

    /// <summary>
    /// What is added to a bar on time where others want the same processors: then the counts are what fails, and the report says what was waited. A quiet machine that was asked
    /// for the long form holds the bar itself.
    /// </summary>
    public static TimeSpan Slack { get; } = IsLong && LoadAverage() < 1.5 * Environment.ProcessorCount ? TimeSpan.Zero : TimeSpan.FromSeconds(15);

    /// <summary>A number that an environment variable sets, else one for the form.</summary>
    public static int Number(string variable, int brief, int thorough) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var set) ? set : IsLong ? thorough : brief;

    /// <summary>Adds a row to the report: the fault, how it was made, what came of it.</summary>
    public static void Row(string fault, string made, FormattableString result)
    {
        if (Environment.GetEnvironmentVariable("ENERGYTTT_FAULTS_REPORT") is not { Length: > 0 } file)
        {
            return;
        }

        lock (OneRow)
        {
            File.AppendAllText(file, $"| {fault} | {made} | {result.ToString(CultureInfo.InvariantCulture)} |\n");
        }
    }

    private static double LoadAverage() => File.Exists("/proc/loadavg") ? double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture) : 0;
}
