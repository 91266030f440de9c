using System.Reflection;
using EnergyTTT.Silo.Access;
using EnergyTTT.Silo.Databases;
using EnergyTTT.Silo.Fleet;
using EnergyTTT.Silo.Settings;
using Npgsql;
using Orleans.Runtime;

namespace EnergyTTT.Silo.Status;

/// <summary><c>GET /v1/status</c>.</summary>
internal static class StatusEndpoint
{
    private static readonly TimeSpan Live = TimeSpan.FromSeconds(10);

    /// <summary>Maps the endpoint.</summary>
    public static void MapStatus(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/status", Get)
            .RequireAuthorization(Policies.Read)
            .WithName("GetStatus")
            .WithTags("Operations")
            .WithSummary("Version, silos, hosts, GPUs, frames a second and the database with the settings on which durability rests")
            .Produces<ServerStatus>();

    private static async Task<IResult> Get(
        FleetView view, FrameRate rate, ServerSettings settings, ProductDatabase database, NpgsqlDataSource source, IGrainFactory grains, TimeProvider time, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var snapshot = await view.Snapshot(cancellationToken);
        var hosts = await grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true, cancellationToken);
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        var status = new ServerStatus
        {
            Version = typeof(StatusEndpoint).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
            Time = now,
            Started = process.StartTime.ToUniversalTime(),
            ProcessId = Environment.ProcessId,
            MemoryBytes = Environment.WorkingSet,
            Roles = [.. Enum.GetValues<Roles>().Where(role => settings.Roles.HasFlag(role)).Select(role => role.ToString().ToLowerInvariant())],
            Demo = settings.Demo,
            Silos = hosts.Count,
            Hosts = snapshot.Gpus.Select(gpu => gpu.Host).Distinct().Count(),
            Gpus = snapshot.Gpus.Length,
            GpusLive = snapshot.Gpus.Count(gpu => now - gpu.Received <= Live),
            FramesPerSecond = rate.PerSecond,
            Database = await DatabaseFacts.Read(source, database.IsPrivate, cancellationToken),
        };
        return TypedResults.Json(status, StatusJson.Default.ServerStatus);
    }
}
