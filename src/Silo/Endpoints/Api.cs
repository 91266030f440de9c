using System.Text.Json;
using EnergyTTT.Portal.Audits;
using EnergyTTT.Silo.Alerts;
using EnergyTTT.Silo.Audits;
using EnergyTTT.Silo.Deployments;
using EnergyTTT.Silo.Docs;
using EnergyTTT.Silo.Fleet;
using EnergyTTT.Silo.Frames;
using EnergyTTT.Silo.Governance;
using EnergyTTT.Silo.Gpus;
using EnergyTTT.Silo.Health;
using EnergyTTT.Silo.Keys;
using EnergyTTT.Silo.Metrics;
using EnergyTTT.Silo.Problems;
using EnergyTTT.Silo.Routers;
using EnergyTTT.Silo.Runs;
using EnergyTTT.Silo.Series;
using EnergyTTT.Silo.Settings;
using EnergyTTT.Silo.Status;
using EnergyTTT.Silo.Users;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EnergyTTT.Silo.Endpoints;

/// <summary>The HTTP API as a whole.</summary>
internal static class Api
{
    /// <summary>Registers what the endpoints ask for.</summary>
    public static void AddApi(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<FleetView>();
        builder.Services.TryAddSingleton<AuditWatch>();
        builder.Services.AddSingleton<ProcessMetrics>();
        builder.Services.AddSingleton<MeterTotals>();
        builder.Services.AddHostedService(services => services.GetRequiredService<MeterTotals>());
        builder.Services.AddSingleton<FrameRate>();
        builder.Services.AddHostedService(services => services.GetRequiredService<FrameRate>());
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
        builder.Services.AddReadLimits();
        builder.Services.AddApiDocs();
    }

    /// <summary>Maps every endpoint; telemetry only where a silo takes it.</summary>
    public static void MapApi(this WebApplication app, ServerSettings settings)
    {
        app.MapHealth();
        app.MapMetrics();
        if (settings.Roles.HasFlag(Roles.Silo))
        {
            app.MapTelemetry();
            app.MapPowerCaps();
        }

        // Not under the limit of reads: an engine's calls are bounded by its chunks, and a placement must never wait.
        app.MapEngines();
        var reads = app.MapGroup("").RequireRateLimiting(ReadLimits.Policy);
        reads.MapFleet();
        reads.MapGpus();
        reads.MapSeries();
        reads.MapRuns();
        reads.MapStatus();
        reads.MapKeys();
        reads.MapAudit();
        if (settings.Roles.HasFlag(Roles.Portal))
        {
            reads.MapUsers();
        }

        reads.MapDeployments();
        reads.MapRouters();
        reads.MapPolicies();
        reads.MapAlerts();
        app.MapApiDocs();
    }
}
