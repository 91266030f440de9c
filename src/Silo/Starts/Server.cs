using EnergyTTT.History;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Audits;
using EnergyTTT.Silo.Clusters;
using EnergyTTT.Silo.Endpoints;
using EnergyTTT.Silo.Frames;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Silo.Security;
using EnergyTTT.Silo.Settings;

namespace EnergyTTT.Silo.Starts;

/// <summary>
/// The whole server, put together: reads like a table of contents. What is added first is stopped last: HTTP drains, then the feed, the silo and
/// the frame writer stop, and the private PostgreSQL goes when everyone who needs it has gone.
/// </summary>
internal static class Server
{
    /// <summary>Builds the application; it is started by who asked.</summary>
    public static WebApplication Compose(WebApplicationBuilder builder, ServerStart start)
    {
        builder.AddWebServer();
        builder.Services.AddSingleton(start.Settings).AddSingleton(start.Database).AddSingleton(start.Folder).AddSingleton(TimeProvider.System);
        builder.Services.AddHistory(start.Database.ConnectionString, writes: start.Settings.Roles.HasFlag(Roles.Silo));
        builder.AddCluster(start.Settings);
        builder.AddTelemetryIntake(start.Settings);
        builder.AddApi();
        builder.AddPortalPages(start.Settings, start.Folder);
        builder.Services.AddAuditOfPeople();
        builder.Services.AddAccess();
        builder.AddObservability();

        var app = builder.Build();
        app.UseKnownProxies(start.Settings);
        app.UseRefusalLog();
        app.UseSecurityHeaders();
        app.UseTlsOnly(start.Settings);
        if (start.Settings.Roles.HasFlag(Roles.Silo))
        {
            app.UseTelemetry();
        }

        app.UseMissingPage(start.Settings);
        app.UseProblems();
        app.UseAuthentication();
        app.UseCallers();
        app.UseSameOriginForCookies();
        app.UseAuthorization();
        app.UseRateLimiter();
        app.MapApi(start.Settings);
        app.MapPortalPages(start.Settings);
        return app;
    }
}
