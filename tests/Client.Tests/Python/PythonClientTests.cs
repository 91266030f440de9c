using System.Diagnostics;
using Xunit;

namespace EnergyTTT.Client.Tests.Python;

public sealed class PythonClientTests
{
    [Fact]
    public async Task The_python_client_passes_its_own_tests()
    {
        using var python = Process.Start(new ProcessStartInfo("python3", ["-B", "-m", "unittest", "-v", "test_energyttt"])
        {
            WorkingDirectory = Path.Combine(Root(), "integrations", "python"),
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        var output = python.StandardError.ReadToEndAsync();
        await python.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token);

        // unittest ends with 5 when it ran nothing, and prints what failed.
        Assert.True(python.ExitCode == 0, await output);
        Assert.Contains("test_an_epoch_that_is_not_renewed_ends_by_the_monotonic_clock", await output, StringComparison.Ordinal);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EnergyTTT.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("EnergyTTT.sln was not found above " + AppContext.BaseDirectory);
    }
}
