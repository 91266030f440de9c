namespace EnergyTTT.Selection.Selectors;

/// <summary>
/// What one call of a selector did. Shares are of the gate mass that plain top-k would have used:
/// <c>rho_t = sum over the used set of s_e / sum over the plain set of s_e</c>, with unbiased scores s.
/// </summary>
/// <param name="Tokens">N, the tokens of the call.</param>
/// <param name="DistinctExperts">U, the number of experts with at least one token.</param>
/// <param name="Slots">Token-expert pairs in use; at most N k, fewer where a step left a token with fewer experts.</param>
/// <param name="RetainedMassMean">Mean of rho over tokens, 1 when nothing changed; 1 for an empty call.</param>
/// <param name="RetainedMassP01">The first percentile of rho (nearest rank).</param>
/// <param name="RetainedMassMin">The least rho of any token.</param>
/// <param name="DivergenceMean">Mean over tokens of KL(q||p) in nats between the biased and the unbiased gate; null for a bias in a score space, where q is no distribution.</param>
/// <param name="GuardTrips">Tokens whose biased choice broke the guard and was repaired.</param>
/// <param name="Regime">What routing can hope to save at this batch size.</param>
/// <param name="EpochNumber">The epoch that was applied; 0 after a fall-back.</param>
/// <param name="FellBack">True when the epoch had expired and the call behaved like the plain gate.</param>
/// <param name="BiasDigest">SHA-256 of the bias that was applied (lower-case hexadecimal).</param>
/// <param name="Counts">n_e [experts]: slots on each expert. A view of the selector's own memory, valid until its next call; copy it to keep it.</param>
public readonly record struct SelectionStatistics(
    int Tokens,
    int DistinctExperts,
    long Slots,
    double RetainedMassMean,
    double RetainedMassP01,
    double RetainedMassMin,
    double? DivergenceMean,
    int GuardTrips,
    SelectionRegime Regime,
    long EpochNumber,
    bool FellBack,
    string BiasDigest,
    ReadOnlyMemory<int> Counts);
