using EnergyTTT.Routing.FastWeights;

namespace EnergyTTT.Routing.Learning;

/// <summary>Everything that a learner remembers, as plain arrays: going on from it equals never having stopped.</summary>
/// <param name="Weights">The fast weights with their moments; <see langword="null"/> for strategies without.</param>
/// <param name="Buffer">The sampled chunk.</param>
/// <param name="Standardiser">Running statistics of the features.</param>
/// <param name="Balance">b_int: one value per device or per expert, as the strategy balances.</param>
/// <param name="UsageCounts">Counts of the kept windows, oldest first.</param>
/// <param name="PriceBias">b_price <c>[experts]</c>.</param>
/// <param name="Bias">The logit-space bias in force <c>[experts]</c>.</param>
/// <param name="EpochNumber">Number of the last epoch.</param>
/// <param name="ScoreScale">Logits to scores, for score-space biases; <see langword="null"/> = not known yet.</param>
/// <param name="TokensSinceUpdate">Tokens since the last update.</param>
/// <param name="LastUpdate">When it was.</param>
/// <param name="ObjectiveSum">Objective of the running period: sum, windows, last mean, increases, and the weights to go back to.</param>
/// <param name="Statistics">The rest.</param>
/// <param name="FirstToken">The tokens that were seen when the learner's first chunk began.</param>
public sealed record LearnerState(
    FastWeightState? Weights, ChunkBufferState Buffer, double[] Standardiser, double[] Balance, long[][] UsageCounts, double[] PriceBias, float[] Bias, long EpochNumber, double? ScoreScale,
    long TokensSinceUpdate, DateTimeOffset? LastUpdate, double ObjectiveSum, int ObjectiveWindows, double? LastObjective, int ObjectiveIncreases, FastWeightState? Promoted,
    LearnerStatistics Statistics, long FirstToken = 0);
