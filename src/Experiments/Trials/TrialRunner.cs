using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Gates;
using EnergyTTT.Routing.Feedback;
using EnergyTTT.Routing.Monitoring;

namespace EnergyTTT.Experiments.Trials;

/// <summary>Carries batches through the model under an arm.</summary>
/// <param name="pass">Room for a batch.</param>
/// <param name="stepper">Makes a step happen: at once, or by replaying a recording.</param>
/// <param name="clock">The time that batches wait and end by.</param>
/// <param name="time">The wall clock.</param>
internal sealed class TrialRunner(CachedPass pass, IStepper stepper, ITrialClock clock, TimeProvider time)
{
    /// <summary>Tokens between two looks of the learners; on a device that replays, a whole batch.</summary>
    public int FlushTokens { get; init; } = 128;

    /// <summary>The device's latest readings, told to learners.</summary>
    public Func<GpuStatistics?>? Device { get; init; }

    /// <summary>Whether learners are told anything.</summary>
    public bool Learns { get; init; } = true;

    /// <summary>Told tokens that were completed.</summary>
    public Action<long>? Completed { get; init; }

    /// <summary>Carries batches through, each to the end of its text.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="feed">The batches.</param>
    /// <param name="counts">Whether losses go into the arm's account: not while warming up.</param>
    /// <param name="cancellationToken">Looked at between batches.</param>
    public TrialWork Run(Arm arm, IBatchFeed feed, bool counts, CancellationToken cancellationToken)
    {
        List<(long, long)> progress = [(time.GetTimestamp(), 0)];
        List<double> milliseconds = [];
        long tokens = 0;
        double loss = 0;
        var totals = GateTotals.None(arm.Layers);
        var flushSteps = stepper.WholeBatches ? pass.Steps : Math.Max(1, FlushTokens / pass.Size);
        while (feed.Next(clock) is { } batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress.Add((time.GetTimestamp(), tokens)); // Nothing was completed while it waited.
            pass.Load(batch);
            for (var done = 0; done < pass.Steps;)
            {
                var count = Math.Min(flushSteps, pass.Steps - done);
                arm.Gate.Reset();
                stepper.Steps(arm.Gate, pass, count, milliseconds, steps => progress.Add((time.GetTimestamp(), tokens + (long)steps * pass.Size)));
                done += count;
                tokens += (long)count * pass.Size;
                totals += arm.Gate.Totals();
                Completed?.Invoke((long)count * pass.Size);
                if (Learns)
                {
                    var window = (Time: time.GetUtcNow(), Tokens: count * pass.Size, Readings: Device?.Invoke());
                    if (stepper.WholeBatches)
                    {
                        arm.LearnBeside(window.Time, window.Tokens, pass.Size, window.Readings);
                    }
                    else
                    {
                        arm.Learn(window.Time, window.Tokens, pass.Size, window.Readings);
                    }
                }
            }

            feed.Done(clock);
            var losses = pass.Losses();
            loss += losses.Sum();
            for (var s = 0; counts && s < batch.Length; s++)
            {
                arm.Losses[batch[s]] += losses[s];
                arm.Decoded[batch[s]] += pass.TokensPerSequence;
            }

            progress.Add((time.GetTimestamp(), tokens));
        }

        arm.Settle(wait: true);
        var (queue, latency) = feed.Milliseconds;
        return new()
        {
            Tokens = tokens, Loss = loss, Gates = totals, StepMilliseconds = [.. milliseconds], Progress = progress, QueueMilliseconds = queue, LatencyMilliseconds = latency, IdleSeconds = feed.IdleSeconds,
        };
    }
}
