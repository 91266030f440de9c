using System.Globalization;

namespace EnergyTTT.History.Servers;

/// <summary>The processes of the server of one data directory, as <c>/proc</c> shows them.</summary>
internal static class ClusterProcesses
{
    /// <summary>The process that <c>postmaster.pid</c> names, if it really is a PostgreSQL server on this data directory; else null.</summary>
    public static int? Postmaster(string dataDirectory)
    {
        var file = Path.Combine(dataDirectory, "postmaster.pid");
        try
        {
            return int.TryParse(File.ReadLines(file).FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && BelongsTo(id, dataDirectory) ? id : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>All PostgreSQL processes on this data directory, the first one and its children.</summary>
    public static List<int> All(string dataDirectory) =>
        [.. Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && BelongsTo(id, dataDirectory))];

    /// <summary>Whether the process runs a program called <c>postgres</c> with the data directory as its working directory: process ids are reused.</summary>
    public static bool BelongsTo(int id, string dataDirectory) =>
        Target($"/proc/{id}/cwd") == dataDirectory && Path.GetFileName(Target($"/proc/{id}/exe"))?.Replace(" (deleted)", "", StringComparison.Ordinal) == "postgres";

    private static string? Target(string link)
    {
        try
        {
            return new FileInfo(link).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
