using EnergyTTT.Contracts.Alerts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Grains.Alerts;

/// <summary>Every silo wakes the watching grain now and then, so that it goes on wherever a silo is alive.</summary>
internal sealed partial class AlertWatch(IGrainFactory grains, TimeProvider clock, ILogger<AlertWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        do
        {
            try
            {
                await grains.GetGrain<IAlertsGrain>(IAlertsGrain.Key).Wake();
            }
            catch (Exception error) when (error is OrleansException or TimeoutException or InvalidOperationException)
            {
                // The silo may be starting.
                LogNotWoken(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(LogLevel.Debug, "The watch over alerts could not be woken; trying again")]
    private partial void LogNotWoken(Exception error);
}
