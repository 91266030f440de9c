using System.Diagnostics;
using EnergyTTT.History.Servers;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EnergyTTT.History.Tests.Servers;

/// <summary>A data folder whose server has run and was stopped; copying it is cheaper than making one per test.</summary>
public sealed class StoppedServer : IAsyncLifetime
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"ettt-stopped-{Guid.NewGuid():N}"[..21]);

    public async Task InitializeAsync()
    {
        await using var server = await PrivateServer.StartAsync(new DataFolder(_path), NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_path, recursive: true);
        return Task.CompletedTask;
    }

    /// <summary>Copies it with its owners and modes to a folder that does not exist yet.</summary>
    public void CopyTo(string path)
    {
        using var copy = Process.Start("/bin/cp", ["-a", _path, path]);
        copy.WaitForExit();
        Assert.Equal(0, copy.ExitCode);
    }
}
