using System.Security.Claims;
using EnergyTTT.History;
using EnergyTTT.History.Access;
using EnergyTTT.Portal.Deployments;
using EnergyTTT.Portal.Fleets;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Portal.Tests.Deployments;
using EnergyTTT.Portal.Tests.Fleets;
using EnergyTTT.Portal.Tests.Policies;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Components.Server;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Portal.Tests.Hosts;

/// <summary>
/// The whole portal on a loopback port over a fake fleet and fake history. Without a database nobody can sign in by password; then
/// <c>/test-sign-in</c> gives a cookie, and sessions are not looked up again.
/// </summary>
public sealed class PortalHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private PortalHost(WebApplication app, FakeFleet fleet, FakePolicies policies, string address, string folder)
    {
        _app = app;
        Fleet = fleet;
        Policies = policies;
        Address = address;
        Folder = folder;
    }

    /// <summary>The fleet behind the pages.</summary>
    public FakeFleet Fleet { get; }

    /// <summary>The policies behind the pages.</summary>
    public FakePolicies Policies { get; }

    /// <summary>Where the portal listens.</summary>
    public string Address { get; }

    /// <summary>The throw-away data folder.</summary>
    public string Folder { get; }

    /// <summary>What the portal is made of.</summary>
    public IServiceProvider Services => _app.Services;

    /// <summary>How many times history was asked.</summary>
    public int SeriesAsked { get; private set; }

    /// <summary>The status that history answers with instead of columns.</summary>
    public int? SeriesFailure { get; set; }

    /// <summary>Starts a portal.</summary>
    /// <param name="database">A migrated database for people; null for none.</param>
    /// <param name="urls">Where to listen; a free loopback port by default.</param>
    public static async Task<PortalHost> Start(string? database = null, string urls = "http://127.0.0.1:0")
    {
        var folder = Directory.CreateTempSubdirectory("energyttt-portal-").FullName;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(PortalHost).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = Environments.Development,
        });
        builder.WebHost.UseUrls(urls).UseStaticWebAssets();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var fleet = new FakeFleet(TimeProvider.System);
        builder.Services.AddSingleton<IFleetSource>(fleet);
        builder.Services.AddSingleton<ISteeringSource>(new FakeSteering(TimeProvider.System));
        builder.Services.AddSingleton<EnergyTTT.Portal.Runs.IRunSource>(new EnergyTTT.Portal.Tests.Runs.FakeRuns());
        var policies = new FakePolicies(TimeProvider.System);
        builder.Services.AddSingleton<IPolicySource>(policies);
        builder.Services.AddSingleton<EnergyTTT.Portal.Alerts.IAlertSource>(new EnergyTTT.Portal.Tests.Alerts.FakeAlerts(TimeProvider.System));
        builder.Services.AddPortal(portal => portal.SecretsFolder = Path.Combine(folder, "secrets"));
        builder.Services.AddHistory(database ?? "Host=127.0.0.1;Port=1", writes: false);
        if (database is null)
        {
            builder.Services.Configure<CookieAuthenticationOptions>(IdentityConstants.ApplicationScheme, cookie => cookie.Events.OnValidatePrincipal = _ => Task.CompletedTask);
            builder.Services.AddScoped<AuthenticationStateProvider, ServerAuthenticationStateProvider>();
        }

        var app = builder.Build();
        app.MapPortal();
        if (database is null)
        {
            app.MapGet("/test-sign-in", async (HttpContext context, string? role) =>
            {
                var identity = new ClaimsIdentity([new Claim(ClaimTypes.Name, "ada"), new Claim(ClaimTypes.Role, role ?? PersonRoles.Viewer)], IdentityConstants.ApplicationScheme);
                await context.SignInAsync(IdentityConstants.ApplicationScheme, new ClaimsPrincipal(identity));
                return Results.Redirect("/");
            });
        }

        PortalHost? host = null;
        app.MapGet("/v1/series", (string metric, string? gpu, string? aggregate, DateTimeOffset from, DateTimeOffset to) =>
        {
            host!.SeriesAsked++;
            return host.SeriesFailure is { } status
                ? Results.Problem("the history is away", statusCode: status)
                : Results.Bytes(FakeSeries.Answer(fleet, metric, gpu, aggregate, from, to), FakeSeries.MediaType);
        });
        app.MapGet("/v1/annotations", (DateTimeOffset from, DateTimeOffset to) => Results.Json(new { annotations = new[] { new { kind = "policy", from = from + ((to - from) / 2), title = "Policy version 3 by ada: cooler nights", link = "/policies" } }, more = false }));
        await app.StartAsync();
        host = new PortalHost(app, fleet, policies, app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(), folder);
        return host;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationTokenSource(TimeSpan.FromSeconds(5)).Token);
        await _app.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
