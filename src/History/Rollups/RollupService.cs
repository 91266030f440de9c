using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History.Rollups;

/// <summary>Lets the <see cref="Roller"/> work at its interval.</summary>
public sealed partial class RollupService(Roller roller, IOptions<RollupOptions> options, TimeProvider time, HistoryInstruments instruments, ILogger<RollupService> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        do
        {
            try
            {
                var started = time.GetTimestamp();
                if (await roller.Roll(stoppingToken) is { } rows)
                {
                    var elapsed = time.GetElapsedTime(started);
                    instruments.RolledUp(elapsed);
                    LogRolled(rows, elapsed);
                }
            }
            catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
            {
                // The work list keeps what is due; the next round finds it.
                LogFailed(e.Message);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
        while (await Next(timer, stoppingToken));
    }

    private static async Task<bool> Next(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Rolled up {Rows} rows in {Elapsed}")]
    private partial void LogRolled(int rows, TimeSpan elapsed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Roll-ups failed and are tried again: {Reason}")]
    private partial void LogFailed(string reason);
}
