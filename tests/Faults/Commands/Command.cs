using System.Diagnostics;
using EnergyTTT.History.Servers;

namespace EnergyTTT.Faults.Commands;

/// <summary>The command line as a person runs it.</summary>
internal static class Command
{
    /// <summary>Runs it on a data folder; with an external database when its connection string is given.</summary>
    public static Task<(int Code, string Output, string Error)> Run(string folder, params string[] arguments) => Run(folder, new Dictionary<string, string?>(), arguments);

    /// <summary>Runs it with further variables in its environment.</summary>
    public static async Task<(int Code, string Output, string Error)> Run(string folder, IReadOnlyDictionary<string, string?> variables, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "energyttt.dll"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove("ConnectionStrings__EnergyTTT");
        start.Environment[DataFolder.Variable] = folder;
        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started.");
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output, await error);
    }
}
