using EnergyTTT.Silo.Frames;

namespace EnergyTTT.Silo.Status;

/// <summary>Frames accepted per second over the last ten seconds, from a look at the counter once a second.</summary>
public sealed class FrameRate(IntakeInstruments intake, TimeProvider time) : BackgroundService
{
    private const int Looks = 11;
    private readonly Queue<(long Timestamp, long Accepted)> _looks = new();
    private double _perSecond;

    /// <summary>The rate; 0 in the first second.</summary>
    public double PerSecond => Volatile.Read(ref _perSecond);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            _looks.Enqueue((time.GetTimestamp(), intake.Accepted));
            if (_looks.Count > Looks)
            {
                _looks.Dequeue();
            }

            var (timestamp, accepted) = _looks.Peek();
            var seconds = time.GetElapsedTime(timestamp).TotalSeconds;
            Volatile.Write(ref _perSecond, seconds > 0.5 ? (intake.Accepted - accepted) / seconds : 0);
            await Task.Delay(TimeSpan.FromSeconds(1), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
