using System.Threading.Channels;
using EnergyTTT.Client.Http;

namespace EnergyTTT.Simulation.Servers;

/// <summary>What the fleet has to say, said by a few workers behind it; while the server is away the oldest is dropped first and counted.</summary>
internal sealed class FleetOutbox
{
    private const int Workers = 4;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly Channel<Func<CancellationToken, Task>> _messages;
    private readonly ServedFleetCounters _counters;
    private readonly TimeProvider _clock;

    public FleetOutbox(int limit, ServedFleetCounters counters, TimeProvider clock)
    {
        (_counters, _clock) = (counters, clock);
        _messages = Channel.CreateBounded<Func<CancellationToken, Task>>(
            new BoundedChannelOptions(limit) { FullMode = BoundedChannelFullMode.DropOldest }, _ => Interlocked.Increment(ref counters.Dropped));
    }

    /// <summary>Adds a message; never waits.</summary>
    public void Say(Func<CancellationToken, Task> message) => _messages.Writer.TryWrite(message);

    /// <summary>Says what there is until it is told to stop.</summary>
    public Task Run(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Work(cancellationToken)));

    private async Task Work(CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var message in _messages.Reader.ReadAllAsync(cancellationToken))
            {
                await SayUntilHeard(message, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The fleet leaves; what waits is worth nothing to anybody.
        }
    }

    private async Task SayUntilHeard(Func<CancellationToken, Task> message, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await message(cancellationToken);
                return;
            }
            catch (SteeringRefusedException refusal) when (!refusal.MayPass)
            {
                _counters.Failed(refusal);
                Interlocked.Increment(ref _counters.Refused);
                return;
            }
            catch (Exception error) when (error is HttpRequestException or TimeoutException or IOException or SteeringRefusedException)
            {
                _counters.Failed(error);
                await Task.Delay((error as SteeringRefusedException)?.RetryAfter ?? Pause, _clock, cancellationToken);
            }
        }
    }
}
