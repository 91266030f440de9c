using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Gates;
using EnergyTTT.Routing.Monitoring;

namespace EnergyTTT.Experiments.Trials;

/// <summary>Decodes batches under an arm.</summary>
/// <param name="pool">The sequences.</param>
/// <param name="decoder">Room for a batch.</param>
/// <param name="time">The clock.</param>
/// <param name="stepper">Makes a step happen: at once, or by replaying a recording.</param>
internal sealed class TrialRunner(SequencePool pool, BatchDecoder decoder, TimeProvider time, IStepper stepper)
{
    /// <summary>Tokens between two looks of the learners; on a device that replays, a whole batch.</summary>
    public int FlushTokens { get; init; } = 128;

    /// <summary>The device's latest readings, told to learners.</summary>
    public Func<GpuStatistics?>? Device { get; init; }

    /// <summary>Whether learners are told anything.</summary>
    public bool Learns { get; init; } = true;

    /// <summary>Told tokens that were completed.</summary>
    public Action<long>? Completed { get; init; }

    /// <summary>Least time of a step, for a fixed offered load; null: as fast as it goes.</summary>
    public TimeSpan? StepEvery { get; init; }

    /// <summary>Decodes the batches one after the other, to the end of their text.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="batches">Sequences of each batch.</param>
    /// <param name="counts">Whether losses go into the arm's account: not while warming up.</param>
    /// <param name="cancellationToken">Looked at between batches.</param>
    public TrialWork Run(Arm arm, IReadOnlyList<int[]> batches, bool counts, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        List<(long, long)> progress = [(began, 0)];
        List<double> milliseconds = [];
        long tokens = 0;
        double loss = 0;
        var totals = new GateTotals(0, 0, 0, 0, 1, 0);
        var flushSteps = stepper.Together(arm) ? decoder.Steps : Math.Max(1, FlushTokens / decoder.Size);
        foreach (var batch in batches)
        {
            cancellationToken.ThrowIfCancellationRequested();
            decoder.Load(pool, batch);
            for (var done = 0; done < decoder.Steps;)
            {
                var count = Math.Min(flushSteps, decoder.Steps - done);
                arm.Gate.Reset();
                stepper.Steps(arm, decoder, count, StepEvery, milliseconds, steps =>
                {
                    progress.Add((time.GetTimestamp(), tokens + (long)steps * decoder.Size));
                });
                done += count;
                tokens += (long)count * decoder.Size;
                totals = Add(totals, arm.Gate.Totals());
                Completed?.Invoke((long)count * decoder.Size);
                if (!Learns)
                {
                    continue;
                }

                if (stepper.Together(arm))
                {
                    arm.Settle(wait: false);
                    arm.LearnBeside(time.GetUtcNow(), count * decoder.Size, decoder.Size, Device?.Invoke());
                }
                else
                {
                    arm.Learn(time.GetUtcNow(), count * decoder.Size, decoder.Size, Device?.Invoke());
                }
            }

            var losses = decoder.Losses();
            for (var s = 0; s < batch.Length; s++)
            {
                loss += losses[s];
                if (counts)
                {
                    arm.Losses[batch[s]] += losses[s];
                    arm.Decoded[batch[s]] += decoder.Steps;
                }
            }

            progress.Add((time.GetTimestamp(), tokens));
        }

        arm.Settle(wait: true);
        return new() { Tokens = tokens, Loss = loss, Gates = totals, StepMilliseconds = [.. milliseconds], Progress = progress };
    }

    private static GateTotals Add(GateTotals a, GateTotals b) =>
        new(a.Steps + b.Steps, a.Tokens + b.Tokens, a.Distinct + b.Distinct, a.Retained + b.Retained, Math.Min(a.RetainedMin, b.RetainedMin), b.Layers);
}
