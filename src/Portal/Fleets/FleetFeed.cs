using System.Collections.Concurrent;
using EnergyTTT.Contracts.Fleet;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Portal.Fleets;

/// <summary>
/// The one poller of a process: asks the fleet grain for its snapshot about once a second and hands the same view to every circuit.
/// Costs the same with one viewer and with a thousand. A subscriber that is slow misses views instead of holding others up.
/// </summary>
public sealed partial class FleetFeed(IFleetSource source, IOptions<FleetFeedOptions> options, TimeProvider clock, ILogger<FleetFeed> logger) : BackgroundService
{
    // A new activation of the grain counts from 0 again, and would look old for ever to one who remembers a higher version.
    private const int SilencesBeforeAskingAgain = 5;

    private readonly ConcurrentDictionary<FleetSubscription, bool> _subscribers = new();
    private volatile FleetView _latest = new(null, clock.GetUtcNow(), options.Value.StaleAfter);
    private FleetSnapshot? _snapshot;
    private DateTimeOffset? _failingSince;
    private int _silences;
    private volatile bool _stopped;

    /// <summary>The newest view; its face is <see cref="FleetFace.Loading"/> before the first answer.</summary>
    public FleetView Latest => _latest;

    /// <summary>How many subscriptions are open: pages that are being looked at.</summary>
    public int Subscribers => _subscribers.Count;

    /// <summary>Starts listening. The subscription delivers views made from now on; whoever disposes it hears no more. After the feed has stopped it is over at once.</summary>
    public FleetSubscription Subscribe()
    {
        var subscription = new FleetSubscription(ended => _subscribers.TryRemove(ended, out _));
        _subscribers[subscription] = true;
        if (_stopped)
        {
            subscription.Dispose();
        }

        return subscription;
    }

    /// <summary>Asks once and tells everyone. The service calls it at every interval.</summary>
    public async Task Poll(CancellationToken cancellationToken)
    {
        string? failure = null;
        try
        {
            var after = _snapshot is null || _silences >= SilencesBeforeAskingAgain ? -1 : _snapshot.Version;
            using var patience = new CancellationTokenSource(options.Value.AnswerWithin, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
            var answer = await source.Snapshot(after, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
            _silences = answer is null ? _silences + 1 : 0;
            _snapshot = answer ?? _snapshot;
            if (_failingSince is { } since)
            {
                Recovered(logger, since);
                _failingSince = null;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever keeps the grain from answering, the pages go on with what they know and say so.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception is OperationCanceledException ? $"no answer within {options.Value.AnswerWithin.TotalSeconds:0.#} s" : exception.Message;
            if (_failingSince is null)
            {
                _failingSince = clock.GetUtcNow();
                Failed(logger, exception);
            }
        }

        var view = new FleetView(_snapshot, clock.GetUtcNow(), options.Value.StaleAfter, failure, _failingSince);
        _latest = view;
        foreach (var (subscriber, _) in _subscribers)
        {
            subscriber.Offer(view);
        }
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken).ConfigureAwait(false);
        EndAll();
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        EndAll();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.PollInterval, clock);
        try
        {
            do
            {
                await Poll(stoppingToken).ConfigureAwait(false);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The process stops.
        }
    }

    // Not at the end of ExecuteAsync: a host that stops before the loop got its first turn never runs it.
    private void EndAll()
    {
        _stopped = true;
        foreach (var (subscriber, _) in _subscribers)
        {
            subscriber.Dispose();
        }
    }

    [LoggerMessage(LogLevel.Warning, "The fleet could not be asked; pages show the last known state with its age")]
    private static partial void Failed(ILogger logger, Exception exception);

    [LoggerMessage(LogLevel.Information, "The fleet answers again, after failing since {Since}")]
    private static partial void Recovered(ILogger logger, DateTimeOffset since);
}
