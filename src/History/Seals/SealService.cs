using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace EnergyTTT.History.Seals;

/// <summary>Lets the <see cref="Sealer"/> work at its interval.</summary>
public sealed partial class SealService(Sealer sealer, IOptions<SealOptions> options, TimeProvider time, HistoryInstruments instruments, ILogger<SealService> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    if (await sealer.Seal(stoppingToken) is { } round)
                    {
                        instruments.SealedUntil(round.Border);
                        LogSealed(round.Frames, round.Hours, round.Border);
                    }
                }
                catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
                {
                    // Rows that are not sealed stay rows; the next round finds them.
                    instruments.SealFailed();
                    LogFailed(e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops.
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Sealed {Frames} frames in {Hours} hours of GPUs, up to {Border}")]
    private partial void LogSealed(long frames, int hours, DateTime? border);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Sealing failed and is tried again: {Reason}")]
    private partial void LogFailed(string reason);
}
