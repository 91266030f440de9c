using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Grains.Policies;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Grains.Rollouts;

/// <summary>Every silo wakes every open rollout now and then, and what keeps the runs of versions, so that both go on wherever a silo is alive. Waking what is awake does nothing.</summary>
internal sealed partial class RolloutWatch(PolicyBook book, IGrainFactory grains, TimeProvider clock, ILogger<RolloutWatch> logger) : BackgroundService
{
    private const int TurnsBetweenRuns = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        var turn = 0;
        do
        {
            try
            {
                if (turn++ % TurnsBetweenRuns == 0)
                {
                    await grains.GetGrain<IVersionRunsGrain>(IVersionRunsGrain.Key).Look(stoppingToken);
                }

                foreach (var rollout in (await book.Recent(stoppingToken)).Rollouts)
                {
                    await grains.GetGrain<IRolloutGrain>(IRolloutGrain.KeyOf(rollout.Id)).Wake();
                }
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                // The silo may be starting, the database away, another silo gone: whatever it is, the next turn tries again, and no server ends for it.
                LogNotWoken(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(LogLevel.Debug, "Open rollouts could not be woken; trying again")]
    private partial void LogNotWoken(Exception error);
}
