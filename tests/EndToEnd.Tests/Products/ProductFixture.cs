using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using EnergyTTT.Testing.Machines;
using Microsoft.Playwright;
using Xunit;

namespace EnergyTTT.EndToEnd.Tests.Products;

/// <summary>
/// The product as it is shipped: the published server with <c>--demo</c>, a data folder of its own and its private PostgreSQL, with the first
/// administrator set up in a real browser. One for all walks.
/// </summary>
public sealed partial class ProductFixture : IAsyncLifetime
{
    public const string UserName = "ada";
    public const string Password = "correct horse battery staple";

    private readonly ConcurrentQueue<string> _output = new();
    private readonly string _data = Path.Combine(Path.GetTempPath(), "energyttt-e2e-" + Guid.NewGuid().ToString("N")[..8]);
    private Process? _server;
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private string? _signedIn;

    /// <summary>The address that the product listens on.</summary>
    public string Address { get; private set; } = "";

    /// <summary>From the start of the process to the first page that answers.</summary>
    public TimeSpan StartTime { get; private set; }

    /// <summary>Whether other programs left the cores alone when the process was started.</summary>
    public bool WasQuiet { get; private set; }

    /// <summary>A folder for pictures that people look at.</summary>
    public static string Screenshots { get; } = Directory.CreateDirectory(Path.Combine(Root, "artifacts", "screenshots")).FullName;

    private static string Root
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EnergyTTT.sln")))
            {
                folder = folder.Parent;
            }

            return folder?.FullName ?? throw new InvalidOperationException("EnergyTTT.sln was not found above " + AppContext.BaseDirectory);
        }
    }

    public async Task InitializeAsync()
    {
        var program = Path.Combine(Root, "artifacts", "publish", "silo", "EnergyTTT.Silo");
        Assert.True(File.Exists(program), $"{program} is missing: run ./run.sh --build first (./test.sh does)");
        Directory.CreateDirectory(_data);
        Address = $"http://127.0.0.1:{FreePort()}";
        WasQuiet = await BusyMachine.IsQuiet();
        var clock = Stopwatch.StartNew();
        _server = Process.Start(new ProcessStartInfo(program, ["--urls", Address, "--demo"])
        {
            Environment = { ["ENERGYTTT_DATA"] = _data },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!; // Start answers null only for shell documents
        _server.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _server.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
        await UntilReady();
        StartTime = clock.Elapsed;

        // The walks look at what is there, not at how long it took: on shared cores a page may take its time.
        Assertions.SetDefaultExpectTimeout(30_000);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("ENERGYTTT_CHROMIUM") ?? "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        await SetUp();
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_server is { HasExited: false })
        {
            // SIGTERM, as a service manager would: the private database must stop with the product.
            using var kill = Process.Start("kill", ["-TERM", _server.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            await _server.WaitForExitAsync(patience.Token);
        }

        _server?.Dispose();
        Directory.Delete(_data, recursive: true);
    }

    /// <summary>A new page of a signed-in person, in a context of its own.</summary>
    public async Task<IPage> SignedIn(ColorScheme theme = ColorScheme.Light, int width = 1440, int height = 900) =>
        await (await NewContext(theme, width, height, _signedIn)).NewPageAsync();

    /// <summary>A new page of somebody who has not signed in.</summary>
    public async Task<IPage> Stranger() => await (await NewContext(ColorScheme.Light, 1440, 900, null)).NewPageAsync();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("[a-z2-9]{5}(-[a-z2-9]{5}){5}")]
    private static partial Regex TokenPattern();

    private Task<IBrowserContext> NewContext(ColorScheme theme, int width, int height, string? state) => _browser!.NewContextAsync(new() // made in InitializeAsync
    {
        BaseURL = Address,
        ColorScheme = theme,
        ViewportSize = new() { Width = width, Height = height },
        StorageState = state,
        TimezoneId = "Europe/Amsterdam",
        Locale = "en-GB",
    });

    private async Task UntilReady()
    {
        using var http = new HttpClient();
        for (var patience = Stopwatch.StartNew(); patience.Elapsed < TimeSpan.FromMinutes(3);)
        {
            Assert.False(_server!.HasExited, "the server ended: " + string.Join('\n', _output)); // started by the caller
            try
            {
                using var answer = await http.GetAsync(Address + "/sign-in");
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50);
        }

        Assert.Fail("the server did not become ready within three minutes: " + string.Join('\n', _output));
    }

    private async Task SetUp()
    {
        var page = await Stranger();
        await page.GotoAsync("/");
        await page.WaitForURLAsync("**/setup*");
        await page.GetByTestId("setup-token").FillAsync(Token());
        await page.GetByTestId("user-name").FillAsync(UserName);
        await page.GetByTestId("password").FillAsync(Password);
        await page.GetByTestId("password-repeat").FillAsync(Password);
        await page.GetByTestId("submit").ClickAsync();
        try
        {
            await page.GetByTestId("nav-overview").WaitForAsync();
        }
        catch (TimeoutException)
        {
            await page.ScreenshotAsync(new() { Path = Path.Combine(Screenshots, "set-up-failed.png") });
            Assert.Fail($"set-up did not lead to the product but to {page.Url}: {await page.Locator("body").InnerTextAsync()}\n{string.Join('\n', _output)}");
        }

        _signedIn = await page.Context.StorageStateAsync();
        await page.Context.CloseAsync();
    }

    private string Token()
    {
        var match = _output.Select(line => TokenPattern().Match(line)).FirstOrDefault(found => found.Success);
        Assert.True(match is not null, "the server printed no set-up token: " + string.Join('\n', _output));
        return match.Value;
    }
}

/// <summary>All walks share one product.</summary>
[CollectionDefinition(Name)]
public sealed class ProductCollection : ICollectionFixture<ProductFixture>
{
    public const string Name = "product";
}
