using System.Collections.Immutable;
using System.Security.Cryptography;
using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Selection.Epochs;

/// <summary>
/// One immutable instruction to a selector: the bias in force, how it may be used, and until when. An engine applies one epoch
/// between two steps and falls back to its own gate once the epoch has expired.
/// </summary>
/// <remarks>
/// The bias is a <em>delta</em> on whatever bias the model was trained with, in the space that <see cref="BiasSpace"/> says. Equality is by
/// reference; two engines compare <see cref="Number"/> and <see cref="BiasDigest"/>.
/// </remarks>
public sealed class SelectionEpoch
{
    /// <summary>Checks and builds an epoch.</summary>
    /// <param name="number">Grows by one with every epoch of a router; 0 is the baseline.</param>
    /// <param name="strategy">The name of the strategy that made it.</param>
    /// <param name="bias">b [experts]: finite, added for selection only. All zero means plain top-k.</param>
    /// <param name="biasSpace">The space of <paramref name="bias"/>.</param>
    /// <param name="guardBound">rho_min in [0, 1]: the least share of its gate mass that any token keeps. 0 switches the guard off.</param>
    /// <param name="batchStep">What the tokens of a batch do together; none when left out.</param>
    /// <param name="prices">Price of activating each expert [experts], finite and at least 0 (joules, or any one unit); empty means equal prices.</param>
    /// <param name="expiresAt">From this time on the epoch counts for nothing (dead-man switch); null never expires.</param>
    /// <param name="policyVersion">The version of the policy that it follows.</param>
    /// <exception cref="ArgumentException">A bias or price is not finite, a price is negative, or the lengths differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The guard bound is outside [0, 1].</exception>
    public SelectionEpoch(
        long number,
        string strategy,
        ReadOnlySpan<float> bias,
        BiasSpace biasSpace = BiasSpace.Logit,
        float guardBound = DefaultGuardBound,
        BatchStep? batchStep = null,
        ReadOnlySpan<float> prices = default,
        DateTimeOffset? expiresAt = null,
        long policyVersion = 0)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(strategy);
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        if (bias.IsEmpty)
        {
            throw new ArgumentException("An epoch needs a bias with one number per expert; for plain top-k give zeros.", nameof(bias));
        }

        if (!(guardBound is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(guardBound), guardBound, "The guard keeps a share of gate mass in [0, 1]; 0 switches it off.");
        }

        if (!prices.IsEmpty && prices.Length != bias.Length)
        {
            throw new ArgumentException($"There are {prices.Length} prices for {bias.Length} experts: give one each, or none.", nameof(prices));
        }

        for (var expert = 0; expert < bias.Length; expert++)
        {
            if (!float.IsFinite(bias[expert]))
            {
                throw new ArgumentException($"The bias of expert {expert} is {bias[expert]}: a bias is finite. Project it first.", nameof(bias));
            }
        }

        for (var expert = 0; expert < prices.Length; expert++)
        {
            if (!float.IsFinite(prices[expert]) || prices[expert] < 0)
            {
                throw new ArgumentException($"The price of expert {expert} is {prices[expert]}: a price is finite and not negative.", nameof(prices));
            }
        }

        Number = number;
        Strategy = strategy;
        Bias = ImmutableArray.Create(bias);
        BiasSpace = biasSpace;
        GuardBound = guardBound;
        BatchStep = batchStep ?? BatchStep.None;
        Prices = ImmutableArray.Create(prices);
        ExpiresAt = expiresAt;
        PolicyVersion = policyVersion;
        IsNeutral = bias.IndexOfAnyExcept(0f) < 0;
        BiasDigest = Digest(bias);
    }

    /// <summary>The share of gate mass that a token keeps when nothing else is said: 0.95.</summary>
    public const float DefaultGuardBound = 0.95f;

    /// <summary>The number of the epoch; 0 is the baseline.</summary>
    public long Number { get; }

    /// <summary>The strategy that made it.</summary>
    public string Strategy { get; }

    /// <summary>b [experts], added for selection only.</summary>
    public ImmutableArray<float> Bias { get; }

    /// <summary>The space of the bias.</summary>
    public BiasSpace BiasSpace { get; }

    /// <summary>rho_min, the least share of its gate mass that any token keeps.</summary>
    public float GuardBound { get; }

    /// <summary>What the tokens of a batch do together.</summary>
    public BatchStep BatchStep { get; }

    /// <summary>The price of activating each expert [experts]; empty means equal prices.</summary>
    public ImmutableArray<float> Prices { get; }

    /// <summary>When it stops counting, or null.</summary>
    public DateTimeOffset? ExpiresAt { get; }

    /// <summary>The version of the policy that it follows.</summary>
    public long PolicyVersion { get; }

    /// <summary>The share of its gate mass that every token really keeps: the larger of the guard and what the batch-aware step asks for.</summary>
    public float EffectiveBound => Math.Max(GuardBound, BatchStep.RetainedMass);

    /// <summary>Whether every bias is exactly 0.</summary>
    public bool IsNeutral { get; }

    /// <summary>SHA-256 of the bias as little-endian float32, lower-case hexadecimal: what an engine echoes to prove what it applies.</summary>
    public string BiasDigest { get; }

    /// <summary>The epoch that changes nothing: zero bias, no guard needed, no batch-aware step.</summary>
    public static SelectionEpoch Baseline(SelectorShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);

        return new(0, "Baseline", new float[shape.Experts], shape.BiasSpace);
    }

    /// <summary>Whether the epoch has stopped counting at <paramref name="now"/>.</summary>
    public bool IsExpired(DateTimeOffset now) => ExpiresAt is { } end && now >= end;

    private static string Digest(ReadOnlySpan<float> bias)
    {
        Span<byte> bytes = new byte[bias.Length * sizeof(float)];
        for (var expert = 0; expert < bias.Length; expert++)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes[(expert * sizeof(float))..], bias[expert]);
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
