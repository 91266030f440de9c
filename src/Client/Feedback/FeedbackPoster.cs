using System.Collections.Concurrent;
using System.Text.Json;
using EnergyTTT.Client.Epochs;
using EnergyTTT.Client.Http;
using EnergyTTT.Client.Steering;
using EnergyTTT.Selection.Signatures;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Client.Feedback;

/// <summary>Posts closed chunks and receipts, the oldest first, each until the server has it; the engine's thread never waits for any of it.</summary>
internal sealed class FeedbackPoster(SteeringApi api, EpochBoard board, FleetSteering steering, SignatureProjection projection, FleetSteeringOptions options, SteeringLedger ledger)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private readonly ConcurrentQueue<(bool IsReceipt, byte[] Body)> _outbox = new();
    private readonly ReplicaSignature _signature = new(projection);
    // A restarted engine must never use a chunk's number again, or its feedback would be taken for a repetition.
    private long _next = options.Clock.GetUtcNow().ToUnixTimeMilliseconds();
    private long _receipted;

    public int Waiting => _outbox.Count;

    /// <summary>Posts until it is told to stop.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(options.Seed + 1);
        while (!cancellationToken.IsCancellationRequested)
        {
            Collect();
            try
            {
                if (!_outbox.TryPeek(out var oldest))
                {
                    await Task.Delay(Look, options.Clock, cancellationToken);
                    continue;
                }

                await Post(oldest.IsReceipt, oldest.Body, cancellationToken);
                backoff.Reset();
                _outbox.TryDequeue(out _);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (SteeringRefusedException refusal) when (!refusal.MayPass)
            {
                // Saying it again would not help.
                ledger.Failed(refusal);
                ledger.CountRefused();
                _outbox.TryDequeue(out _);
            }
            catch (SteeringMismatchException mismatch)
            {
                // The chunk arrived; it is the epoch in the answer that does not fit.
                ledger.Failed(mismatch);
                _outbox.TryDequeue(out _);
            }
            catch (Exception error) when (error is HttpRequestException or TimeoutException or IOException or SteeringRefusedException or JsonException)
            {
                ledger.Failed(error);
                ledger.CountRetried();
                try
                {
                    await Wait(backoff.Next(error), cancellationToken);
                }
                catch (OperationCanceledException)
                {
                    return;
                }
            }
        }
    }

    /// <summary>One last try for everything that waits.</summary>
    public async Task Flush(CancellationToken cancellationToken)
    {
        Collect();
        while (_outbox.TryDequeue(out var oldest))
        {
            await Post(oldest.IsReceipt, oldest.Body, cancellationToken);
        }
    }

    private async Task Post(bool isReceipt, byte[] body, CancellationToken cancellationToken)
    {
        if (isReceipt)
        {
            await api.Applied(body, cancellationToken);
            ledger.CountReceipt();

            return;
        }

        var answer = await api.Feedback(body, cancellationToken);
        ledger.CountPosted();
        if (answer is { } epoch)
        {
            board.Pin(epoch.Epoch, epoch.ServerNow);
        }
    }

    /// <summary>While the server is away chunks keep coming in: they are taken from the engine so that it never finds the ring full.</summary>
    private async Task Wait(TimeSpan pause, CancellationToken cancellationToken)
    {
        var until = options.Clock.GetTimestamp() + (long)(pause.TotalSeconds * options.Clock.TimestampFrequency);
        while (options.Clock.GetTimestamp() < until)
        {
            await Task.Delay(Look, options.Clock, cancellationToken);
            Collect();
        }
    }

    private void Collect()
    {
        if (steering.Applied is { } applied && applied.Number > 0 && applied.Number != _receipted)
        {
            _receipted = applied.Number;
            var receipt = new AppliedEpoch { Replica = options.Replica, Epoch = applied.Number, RanksApplied = options.Ranks, BiasSha256 = applied.BiasSha256 };
            Enqueue(true, JsonSerializer.SerializeToUtf8Bytes(receipt, WireJson.Default.AppliedEpoch));
        }

        while (steering.TakeClosed() is { } chunk)
        {
            if (chunk.Tokens > 0)
            {
                var signature = _signature.Add(chunk);
                Enqueue(false, JsonSerializer.SerializeToUtf8Bytes(FeedbackWriter.Write(chunk, _next++, signature, options), WireJson.Default.ChunkFeedback));
            }

            steering.GiveBack(chunk);
        }
    }

    private void Enqueue(bool isReceipt, byte[] body)
    {
        while (_outbox.Count >= options.OutboxLimit && _outbox.TryDequeue(out _))
        {
            ledger.CountDropped();
        }

        _outbox.Enqueue((isReceipt, body));
    }
}
