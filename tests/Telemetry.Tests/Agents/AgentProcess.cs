using System.Diagnostics;

namespace EnergyTTT.Telemetry.Tests.Agents;

/// <summary>The built agent as a process of its own. It finds the fake driver as it would find the real one: by the loader's path.</summary>
internal sealed class AgentProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _errors;
    private readonly Task<string> _output;

    public AgentProcess(IEnumerable<string> arguments, string? driverFolder = null, string? script = null)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", Path.Combine(AppContext.BaseDirectory, "energyttt-agent.dll"), .. arguments]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var name in new[] { "ENERGYTTT_KEY", "ENERGYTTT_KEY_FILE", "ENERGYTTT_SERVER", "ENERGYTTT_AGENT_BUFFER" })
        {
            start.Environment.Remove(name);
        }

        start.Environment["LD_LIBRARY_PATH"] = driverFolder ?? "";
        start.Environment["ENERGYTTT_FAKE_NVML"] = script ?? "";
        _process = Process.Start(start)!;
        _errors = _process.StandardError.ReadToEndAsync();
        _output = _process.StandardOutput.ReadToEndAsync();
    }

    /// <summary>Asks it to end, as a service manager does, and answers its exit code.</summary>
    public async Task<int> Terminate()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        return await Exit();
    }

    /// <summary>Ends it without a word.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async Task<int> Exit()
    {
        await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return _process.ExitCode;
    }

    public Task<string> Errors() => _errors;

    public Task<string> Output() => _output;

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
