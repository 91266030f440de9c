using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EnergyTTT.History.Servers;

namespace EnergyTTT.Cli.Ingests;

/// <summary>A product with a folder of its own that is started for a measurement and removed after it.</summary>
internal sealed class OwnProduct : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(40);
    private readonly Process _process;

    private OwnProduct(Process process, DataFolder folder, Uri server)
    {
        _process = process;
        Folder = folder;
        Server = server;
    }

    public DataFolder Folder { get; }

    public Uri Server { get; }

    public int ProcessId => _process.Id;

    /// <summary>The product's program: beside this one when published together, else where the repository builds it; null when there is none.</summary>
    public static string? Find()
    {
        var here = AppContext.BaseDirectory;
        var beside = Path.Combine(here, "EnergyTTT.Silo.dll");
        if (File.Exists(beside) && File.Exists(Path.Combine(here, "EnergyTTT.Silo.runtimeconfig.json")))
        {
            return beside;
        }

        for (var folder = new DirectoryInfo(here); folder is not null; folder = folder.Parent)
        {
            var built = Path.Combine(folder.FullName, "src", "Silo", "bin", "Release", "net10.0", "EnergyTTT.Silo.dll");
            if (File.Exists(built))
            {
                return built;
            }
        }

        return null;
    }

    /// <summary>Starts the program on a new folder and waits until it is ready.</summary>
    public static async Task<OwnProduct> Start(string program, CancellationToken cancellationToken, params string[] settings)
    {
        var folder = new DataFolder(Path.Combine(Path.GetTempPath(), "energyttt-bench-" + Guid.NewGuid().ToString("N")[..8]));
        var server = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}"));
        var start = new ProcessStartInfo("dotnet", [program, "--urls", server.AbsoluteUri.TrimEnd('/'), .. settings]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[DataFolder.Variable] = folder.Path;
        start.Environment.Remove("ConnectionStrings__EnergyTTT");
        var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet cannot be started.");
        List<string> said = [];
        process.OutputDataReceived += (_, line) => said.Add(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => said.Add(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var product = new OwnProduct(process, folder, server);
        using var client = new HttpClient { BaseAddress = server };
        var started = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(started) < StartPatience && !process.HasExited)
        {
            try
            {
                using var response = await client.GetAsync(new Uri("/health/ready", UriKind.Relative), cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return product;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellationToken);
        }

        await product.DisposeAsync();
        throw new InvalidOperationException($"{program} did not become ready:{Environment.NewLine}{string.Join(Environment.NewLine, said.TakeLast(20))}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var stop = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            using var patience = new CancellationTokenSource(StopPatience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
        Directory.Delete(Folder.Path, recursive: true);
    }

    internal static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port; // bound in the line before
    }
}
