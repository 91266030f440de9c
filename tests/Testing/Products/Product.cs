using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using EnergyTTT.History.Servers;

namespace EnergyTTT.Testing.Products;

/// <summary>The real product as a process of its own, from where the repository builds it.</summary>
public sealed class Product : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly ConcurrentQueue<string> _said;
    private readonly Process _process;

    private Product(Process process, ConcurrentQueue<string> said, Uri server)
    {
        _process = process;
        _said = said;
        Server = server;
    }

    public Uri Server { get; }

    public int ProcessId => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>How it ended; only when <see cref="HasExited"/>.</summary>
    public int ExitCode => _process.ExitCode;

    public IReadOnlyCollection<string> Said => _said;

    /// <summary>The program, built in the same configuration as this test.</summary>
    public static string Program { get; } = Find("src/Silo", "EnergyTTT.Silo.dll");

    /// <summary>Starts it and waits until it is ready.</summary>
    public static Task<Product> Start(string folder, string? connectionString = null, int? port = null, params string[] more) =>
        Start(new ProductStart(folder) { ConnectionString = connectionString, Port = port, Settings = more });

    /// <summary>Starts it as told and waits until it is ready.</summary>
    public static async Task<Product> Start(ProductStart told)
    {
        var server = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://{told.Address}:{told.Port ?? FreePort()}"));
        string[] line = [.. told.Within, "dotnet", told.Program ?? Program, "--urls", server.AbsoluteUri.TrimEnd('/'), .. told.Settings];
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[DataFolder.Variable] = told.Folder;
        start.Environment["ConnectionStrings__EnergyTTT"] = told.ConnectionString ?? "";
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{line[0]} cannot be started.");
        var said = new ConcurrentQueue<string>();
        process.OutputDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var product = new Product(process, said, server);
        await product.BecomeReady();
        return product;
    }

    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>A client with a key, or without one.</summary>
    public HttpClient Client(string? key = null)
    {
        var client = new HttpClient { BaseAddress = Server };
        if (key is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        return client;
    }

    /// <summary>kill -9: no handler runs, no buffer is flushed.</summary>
    public async Task Kill()
    {
        _process.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync();
    }

    /// <summary>Sends the process a signal, such as <c>STOP</c> or <c>CONT</c>.</summary>
    public async Task Signal(string signal)
    {
        using var sender = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await sender.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and the end of the process.</summary>
    public async Task<int> Stop()
    {
        await Signal("TERM");
        using var patience = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await Stop();
        }

        _process.Dispose();
    }

    private async Task BecomeReady()
    {
        using var client = Client();
        var started = Stopwatch.StartNew();
        while (started.Elapsed < Patience && !_process.HasExited)
        {
            try
            {
                using var response = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
                if (response.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(100);
        }

        throw new InvalidOperationException("The product did not become ready:\n" + string.Join('\n', _said));
    }

    private static string Find(string project, string file)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);
        var configuration = here.Parent?.Name ?? "Release";
        for (var folder = here; folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EnergyTTT.sln")))
            {
                return Path.Combine(folder.FullName, project, "bin", configuration, "net10.0", file);
            }
        }

        throw new InvalidOperationException("The repository's root was not found above " + here.FullName);
    }
}
