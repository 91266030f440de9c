using EnergyTTT.Experiments.Corpora;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Models;

/// <summary>How a model is trained from scratch.</summary>
public sealed record TrainingOptions
{
    /// <summary>Optimiser steps at most.</summary>
    public required int Steps { get; init; }

    /// <summary>Seconds at most; the rate falls with the larger of both shares. Null: no bound, and then a run can be repeated exactly.</summary>
    public double? Seconds { get; init; }

    /// <summary>Sequences of a step.</summary>
    public required int Batch { get; init; }

    /// <summary>Tokens of a sequence.</summary>
    public required int Length { get; init; }

    /// <summary>Peak rate of AdamW.</summary>
    public double Rate { get; init; } = 1e-3;

    /// <summary>Weight of the load-balance loss.</summary>
    public double Balance { get; init; } = 0.01;

    /// <summary>Of the sequences.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>What training came to.</summary>
/// <param name="Steps">Steps done.</param>
/// <param name="Tokens">Tokens seen.</param>
/// <param name="Seconds">Time taken.</param>
/// <param name="Loss">Mean next-token loss of the last tenth of the steps (training text).</param>
public sealed record TrainingReport(int Steps, long Tokens, double Seconds, double Loss);

/// <summary>Trains a model from scratch on a corpus.</summary>
public static class Trainer
{
    private const double WarmShare = 0.05, LeastRate = 0.1, Decay = 0.05, GreatestNorm = 1;

    /// <summary>Trains; progress tells the share done and the latest loss.</summary>
    public static TrainingReport Train(MoeLanguageModel model, Corpus corpus, TrainingOptions options, TimeProvider time, Action<double, double>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var kind = model.Device.type == DeviceType.CUDA ? ScalarType.BFloat16 : ScalarType.Float32;
        var random = new Random(options.Seed);
        var began = time.GetTimestamp();
        using var adam = new LeanAdam(model.Weights);
        Queue<double> losses = new();
        var steps = 0;
        for (; steps < options.Steps; steps++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var seconds = time.GetElapsedTime(began).TotalSeconds;
            var share = Math.Max((double)steps / options.Steps, options.Seconds is { } most ? seconds / most : 0);
            if (share >= 1)
            {
                break;
            }

            var rate = options.Rate * (share < WarmShare ? Math.Max(0.02, share / WarmShare) : LeastRate + (1 - LeastRate) * 0.5 * (1 + Math.Cos(Math.PI * (share - WarmShare) / (1 - WarmShare))));
            using var scope = NewDisposeScope();
            var tokens = tensor(corpus.TrainBatch(random, options.Batch, options.Length), [options.Batch, options.Length + 1]).to(model.Device);
            var (total, next) = TrainingPass.Loss(model, tokens, kind, options.Balance);
            total.backward();
            adam.Step(rate, Decay, GreatestNorm);

            // Every tenth step only: reading a number from a GPU waits for it.
            if (steps % 10 == 0 || model.Device.type == DeviceType.CPU)
            {
                var loss = next.ToDouble();
                if (!double.IsFinite(loss))
                {
                    throw new InvalidOperationException($"training diverged at step {steps}: the loss is {loss}; lower the rate");
                }

                losses.Enqueue(loss);
                if (losses.Count > Math.Max(1, options.Steps / (model.Device.type == DeviceType.CPU ? 10 : 100)))
                {
                    losses.Dequeue();
                }

                progress?.Invoke(share, loss);
            }
        }

        return new(steps, (long)steps * options.Batch * options.Length, time.GetElapsedTime(began).TotalSeconds, losses.Count > 0 ? losses.Average() : double.NaN);
    }
}
