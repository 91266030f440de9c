using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using EnergyTTT.History.Access;
using EnergyTTT.History.Servers;
using EnergyTTT.Portal.Access;
using EnergyTTT.Silo.Databases;
using EnergyTTT.Silo.Settings;
using EnergyTTT.Silo.Starts;
using EnergyTTT.Silo.Tests.Products;
using EnergyTTT.Testing.Databases;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EnergyTTT.Silo.Tests.Walks;

/// <summary>The whole server in this process, so that a test can ask it for every endpoint that it has; with a person and a key of every role.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "xunit calls DisposeAsync; the host owns the log.")]
public sealed class AccessHost : IAsyncLifetime
{
    public const string Password = "vier lose Wolken singen";

    private readonly PostgresFixture _database = new();
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "energyttt-walk-" + Guid.NewGuid().ToString("N")[..8]);
    private readonly Dictionary<string, HttpClient> _clients = [];
    private readonly RecordingLog _log = new();
    private ProductDatabase? _product;
    private WebApplication? _app;

    public WebApplication App => _app ?? throw new InvalidOperationException("not started");

    public IServiceProvider Services => App.Services;

    public Uri Server { get; private set; } = null!;

    public Npgsql.NpgsqlDataSource Source => _database.Source;

    /// <summary>Everything that was logged.</summary>
    public IReadOnlyCollection<string> Logged => _log.Lines;

    /// <summary>What is set beside the usual; before the start.</summary>
    public List<string> Settings { get; } = [];

    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        await Start();
    }

    public async Task Start()
    {
        Server = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://localhost:{Product.FreePort()}"));
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = "EnergyTTT.Silo",
            ContentRootPath = AppContext.BaseDirectory,
            Args = ["--urls", Server.AbsoluteUri.TrimEnd('/'), "--ConnectionStrings:EnergyTTT", _database.ConnectionString, "--Portal:SignInsPerMinute", "200", .. Settings],
        });
        var settings = ServerSettings.Read(builder.Configuration);
        var folder = new DataFolder(_folder);
        _product = await ProductDatabase.Open(settings, folder, NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);
        builder.Services.AddSingleton<ILoggerProvider>(_log);
        _app = EnergyTTT.Silo.Starts.Server.Compose(builder, new ServerStart(settings, folder, _product));
        _app.Services.GetRequiredService<ILoggerFactory>().AddProvider(_log);
        await _app.StartAsync();
        var keeper = Services.GetRequiredService<PeopleKeeper>();
        foreach (var (name, role, scopes) in new[] { ("ada", "administrator", Array.Empty<string>()), ("olga", "operator", []), ("bob", "operator", ["deployment/other"]), ("vera", "viewer", []) })
        {
            var made = await keeper.Create(name, null, role, scopes, Password, CancellationToken.None);
            Assert.True(made.Code is null or "user_exists", made.Fault);
        }
    }

    /// <summary>A client with a key: <c>viewer</c>, <c>operator</c>, <c>bound</c> (an operator of another scope), <c>administrator</c>, <c>agent</c>, <c>engine</c>; or <c>none</c>.</summary>
    public async Task<HttpClient> Key(string role)
    {
        if (!_clients.TryGetValue(role, out var client))
        {
            _clients[role] = client = Client();
            if (role != "none")
            {
                var (_, secret) = await Services.GetRequiredService<ApiKeys>().Create(
                    new ApiKeyRequest(role == "bound" ? "operator" : role, Deployments: role == "bound" ? ["other"] : ImmutableArray<string>.Empty), CancellationToken.None);
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret.Text);
            }
        }

        return client;
    }

    /// <summary>A client without redirects and with cookies of its own.</summary>
    public HttpClient Client(CookieContainer? cookies = null) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = cookies is not null, CookieContainer = cookies ?? new() }) { BaseAddress = Server, Timeout = TimeSpan.FromSeconds(60) };

    /// <summary>A browser in which a person has signed in.</summary>
    public async Task<Door> SignedIn(string name, string password = Password)
    {
        var door = new Door(this);
        Assert.Equal(HttpStatusCode.Redirect, (await door.SignIn(name, password)).StatusCode);
        return door;
    }

    public async Task Stop()
    {
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        if (_product is not null)
        {
            await _product.DisposeAsync();
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }

        await Stop();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private sealed class RecordingLog : ILoggerProvider, ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _lines = new();

        public IReadOnlyCollection<string> Lines => _lines;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");
    }
}

[CollectionDefinition(Name)]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711", Justification = "xunit's word.")]
public sealed class AccessCollection : ICollectionFixture<AccessHost>
{
    public const string Name = "access";
}
