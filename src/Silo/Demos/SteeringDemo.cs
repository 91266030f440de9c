using EnergyTTT.Client.Http;
using EnergyTTT.History.Access;
using EnergyTTT.Simulation.Servers;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace EnergyTTT.Silo.Demos;

/// <summary>
/// A simulated fleet of 64 GPUs and 4 deployments that takes part in this server through its own HTTP API with keys of its own: telemetry, feedback, epochs, receipts, placement.
/// Every frame says <c>simulated</c>, every name begins with <c>sim-</c>.
/// </summary>
internal sealed partial class SteeringDemo(IServer server, IHostApplicationLifetime lifetime, ApiKeys keys, IConfiguration configuration, TimeProvider time, ILogger<SteeringDemo> log) : BackgroundService
{
    private const string Owner = "demo";
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Started(stoppingToken);
            await Withdraw(stoppingToken);
            while (!stoppingToken.IsCancellationRequested)
            {
                await Live(stoppingToken);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; so does its demo.
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await Withdraw(cancellationToken);
    }

    private async Task Live(CancellationToken cancellationToken)
    {
        try
        {
            var plan = new ServedFleetOptions(OwnAddress(), "unknown", "unknown") { ClockSpeed = configuration.GetValue("DemoClockSpeed", 1), Clock = time };
            string[] hosts, deployments;
            await using (var names = new ServedFleet(plan))
            {
                (hosts, deployments) = ([.. names.HostNames], [.. names.DeploymentNames]);
            }

            await using var fleet = new ServedFleet(plan with
            {
                AgentKey = await Key(new ApiKeyRequest(ApiKeyRoles.Agent, Hosts: [.. hosts], CreatedBy: Owner), cancellationToken),
                EngineKey = await Key(new ApiKeyRequest(ApiKeyRoles.Engine, Deployments: [.. deployments], CreatedBy: Owner), cancellationToken),
                OperatorKey = await Key(new ApiKeyRequest(ApiKeyRoles.Operator, CreatedBy: Owner), cancellationToken),
            });
            LogStarted(plan.Fleet.Gpus, deployments.Length, plan.ClockSpeed);
            await fleet.Run(cancellationToken);
        }
        catch (Exception error) when (error is HttpRequestException or SteeringRefusedException or TimeoutException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            LogFailed(error);
        }
    }

    private async Task<string> Key(ApiKeyRequest request, CancellationToken cancellationToken) => (await keys.Create(request, cancellationToken)).Secret.Text;

    /// <summary>The keys of the demo are of no use when it does not run: neither after it has stopped nor after a start that was killed.</summary>
    private async Task Withdraw(CancellationToken cancellationToken)
    {
        foreach (var key in await keys.List(cancellationToken))
        {
            if (key.CreatedBy == Owner && key.Revoked is null)
            {
                await keys.Revoke(key.Id, Owner, cancellationToken);
            }
        }
    }

    private async Task Started(CancellationToken cancellationToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Where this very server listens, as it is reached from this machine.</summary>
    private Uri OwnAddress()
    {
        var address = BindingAddress.Parse((server.Features.Get<IServerAddressesFeature>()?.Addresses ?? []).Order(StringComparer.Ordinal).First()); // a started server listens somewhere, and http sorts first
        var host = address.Host is "*" or "+" or "0.0.0.0" or "[::]" ? "127.0.0.1" : address.Host;

        return new UriBuilder(address.Scheme, host, address.Port).Uri;
    }

    [LoggerMessage(LogLevel.Information, "The demo's simulated fleet takes part: {Gpus} GPUs, {Deployments} deployments, {Speed} simulated seconds per second")]
    private partial void LogStarted(int gpus, int deployments, int speed);

    [LoggerMessage(LogLevel.Warning, "The demo's simulated fleet was refused; it tries again")]
    private partial void LogFailed(Exception error);
}
