using System.Text.Json;
using EnergyTTT.Client.Epochs;
using EnergyTTT.Client.Http;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Simulation.Gates;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Simulation.Servers;

/// <summary>One deployment of the fleet as the server knows it: its epochs come in by long poll and with the answers to feedback.</summary>
internal sealed class ServedDeployment : IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PollWait = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PlacementTimeout = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestLifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly SteeringApi _api;
    private readonly EpochBoard _board;
    private readonly ServedFleetCounters _counters;
    private readonly TimeProvider _clock;
    private readonly Dictionary<string, long> _receipted = [];

    public ServedDeployment(string name, ServedFleetOptions options, HttpMessageHandler handler, ServedFleetCounters counters)
    {
        (_counters, _clock) = (counters, options.Clock);
        _api = new SteeringApi(options.Server, options.EngineKey, name, CallTimeout, options.Clock, handler);
        _board = new EpochBoard(new SelectorShape(RecordedGates.E64.Experts, RecordedGates.E64.TopK), RecordedGates.E64.Layers, LongestLifetime, options.Clock);
    }

    /// <summary>The epoch that counts now; an expired one does not.</summary>
    public EpochInForce Current => _board.Current;

    public Task Describe(DeploymentDescription description, CancellationToken cancellationToken) => _api.Describe(description, cancellationToken);

    /// <summary>Posts a chunk; the answer says which arm the next one is to run.</summary>
    public async Task Report(ChunkFeedback chunk, CancellationToken cancellationToken)
    {
        var answer = await _api.Feedback(chunk, cancellationToken);
        Interlocked.Increment(ref _counters.Chunks);
        Take(answer);
    }

    /// <summary>The receipt that is due for a replica, or null.</summary>
    public Func<CancellationToken, Task>? Receipt(string replica, EpochInForce applied)
    {
        if (applied.Number == 0 || _receipted.GetValueOrDefault(replica) == applied.Number)
        {
            return null;
        }

        _receipted[replica] = applied.Number;
        var receipt = new AppliedEpoch { Replica = replica, Epoch = applied.Number, RanksApplied = 1, BiasSha256 = applied.BiasSha256 };

        return async cancellationToken =>
        {
            await _api.Applied(receipt, cancellationToken);
            Interlocked.Increment(ref _counters.Receipts);
        };
    }

    /// <summary>Asks the server; null when it does not answer in time.</summary>
    public async ValueTask<string?> Place(PlacementQuestion question, CancellationToken cancellationToken)
    {
        try
        {
            if (await _api.Place(question, PlacementTimeout, cancellationToken) is { } answer)
            {
                Interlocked.Increment(ref _counters.Placed);
                return answer.Replica;
            }
        }
        catch (Exception error) when (error is HttpRequestException or TimeoutException or IOException or SteeringRefusedException or JsonException)
        {
            _counters.Failed(error);
        }

        Interlocked.Increment(ref _counters.Fallbacks);
        return null;
    }

    /// <summary>Asks for epochs until it is told to stop; whatever goes wrong is noted and tried again.</summary>
    public async Task Listen(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var known = _board.Current.Number;
                Take(await _api.Bias(known, PollWait, cancellationToken));
                if (_board.Current.Number == known)
                {
                    await Task.Delay(Pause, _clock, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is HttpRequestException or TimeoutException or IOException or SteeringRefusedException or JsonException)
            {
                _counters.Failed(error);
                await Task.Delay(Pause, _clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    public void Dispose() => _api.Dispose();

    private void Take(EpochAnswer? answer)
    {
        try
        {
            if (answer is { } news)
            {
                _board.Pin(news.Epoch, news.ServerNow);
            }
        }
        catch (SteeringMismatchException mismatch)
        {
            // The message arrived; it is the epoch in the answer that does not fit, and steering has ended.
            _counters.Failed(mismatch);
        }
    }
}
