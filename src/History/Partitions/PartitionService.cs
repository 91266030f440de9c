using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History.Partitions;

/// <summary>Lets the <see cref="PartitionKeeper"/> work at its interval.</summary>
public sealed partial class PartitionService(PartitionKeeper keeper, IOptions<RetentionOptions> options, TimeProvider time, ILogger<PartitionService> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        try
        {
            do
            {
                try
                {
                    foreach (var name in await keeper.Keep(stoppingToken))
                    {
                        LogDropped(name);
                    }
                }
                catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
                {
                    LogFailed(e.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Retention dropped {Partition}")]
    private partial void LogDropped(string partition);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Partitions could not be kept up and are tried again: {Reason}")]
    private partial void LogFailed(string reason);
}
