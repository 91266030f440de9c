namespace EnergyTTT.Wire.Rollouts;

/// <summary>How a deployment did over a stretch of time, outside its hold-out.</summary>
/// <param name="Chunks">Chunks that were counted.</param>
/// <param name="Replicas">Replicas that sent any.</param>
/// <param name="Bands">Joules per token by phase and band of batch sizes: only like is compared with like.</param>
/// <param name="LatencyP95Ms">95th percentile of the chunks' milliseconds per step; null when not reported.</param>
/// <param name="RetainedMass">Mean retained gate mass of the routers that were asked for; null when not reported.</param>
public sealed record Vitals(long Chunks, int Replicas, IReadOnlyList<VitalBand> Bands, double? LatencyP95Ms = null, double? RetainedMass = null);

/// <summary>Joules of one band of batch sizes.</summary>
/// <param name="Phase">Decode or prefill, as its number in the history.</param>
/// <param name="Band">Floor of the binary logarithm of the batch's tokens.</param>
/// <param name="Chunks">Chunks in it.</param>
/// <param name="Tokens">Tokens completed.</param>
/// <param name="Joules">Joules by the engine's counter, else by the cost table; null where neither spoke.</param>
public sealed record VitalBand(int Phase, int Band, long Chunks, long Tokens, double? Joules = null);
