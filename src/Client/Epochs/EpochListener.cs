using EnergyTTT.Client.Http;
using EnergyTTT.Client.Steering;

namespace EnergyTTT.Client.Epochs;

/// <summary>Asks for the next epoch by long poll, for ever; whatever goes wrong is noted and tried again.</summary>
internal sealed class EpochListener(SteeringApi api, EpochBoard board, FleetSteeringOptions options, SteeringLedger ledger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);
    private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends with the first answer; fails when that was a refusal that will not pass by itself.</summary>
    public Task FirstAnswer => _answered.Task;

    /// <summary>Listens until it is told to stop.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(options.Seed);
        var first = true;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var known = board.Current.Number;
                // The first question does not wait: an engine that starts wants to know what there is.
                var answer = await api.Bias(known, first ? TimeSpan.Zero : options.PollWait, cancellationToken);
                first = false;
                backoff.Reset();
                var counts = answer is { } news && board.Pin(news.Epoch, news.ServerNow);
                ledger.Heard(board.Current.Number);
                _answered.TrySetResult();
                // A server that answers at once with nothing new, or with an epoch that has ended, must not be hammered.
                if (!counts || board.Current.Number == known)
                {
                    await Task.Delay(Pause, options.Clock, cancellationToken);
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is HttpRequestException or TimeoutException or IOException or SteeringRefusedException or SteeringMismatchException or System.Text.Json.JsonException)
            {
                ledger.Failed(error);
                if (error is SteeringMismatchException or SteeringRefusedException { MayPass: false } or SteeringRefusedException { Status: System.Net.HttpStatusCode.Unauthorized or System.Net.HttpStatusCode.Forbidden })
                {
                    _answered.TrySetException(error);
                }

                try
                {
                    await Task.Delay(backoff.Next(error), options.Clock, cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }
}
