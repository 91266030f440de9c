using System.Collections.Immutable;

namespace EnergyTTT.Contracts.Routers;

/// <summary>A kept gate sample.</summary>
/// <param name="Replica">The replica that sent it.</param>
/// <param name="Chunk">Its chunk.</param>
/// <param name="Rows">Rows of logits in it.</param>
[GenerateSerializer, Immutable, Alias("sample-key")]
public sealed record SampleKey([property: Id(0)] string Replica, [property: Id(1)] long Chunk, [property: Id(2)] int Rows);

/// <summary>Why one token goes where it goes. The rows of the sample stand for the batch of the batch-aware step.</summary>
/// <param name="Replica">The replica that sent the sample.</param>
/// <param name="Chunk">Its chunk.</param>
/// <param name="Row">The row within the sample.</param>
/// <param name="Rows">Rows in the sample, the batch of this explanation.</param>
/// <param name="Strategy">The strategy in force.</param>
/// <param name="BatchAware">The step over the batch.</param>
/// <param name="GuardBound">The least share of its gate mass that the token keeps.</param>
/// <param name="RetainedMass">The share that it keeps.</param>
/// <param name="DistinctPlain">Distinct experts of the rows under plain top-k.</param>
/// <param name="DistinctSteered">Distinct experts of the rows as steered.</param>
/// <param name="Experts">The experts that were chosen, or would have been; best gate probability first.</param>
[GenerateSerializer, Immutable, Alias("route-explanation")]
public sealed record RouteExplanation(
    [property: Id(0)] string Replica,
    [property: Id(1)] long Chunk,
    [property: Id(2)] int Row,
    [property: Id(3)] int Rows,
    [property: Id(4)] string Strategy,
    [property: Id(5)] string BatchAware,
    [property: Id(6)] double GuardBound,
    [property: Id(7)] double RetainedMass,
    [property: Id(8)] int DistinctPlain,
    [property: Id(9)] int DistinctSteered,
    [property: Id(10)] ImmutableArray<ExpertExplanation> Experts);

/// <summary>One expert in an explanation.</summary>
/// <param name="Expert">Its index.</param>
/// <param name="Logit">The gate's logit.</param>
/// <param name="Probability">The gate's unbiased score.</param>
/// <param name="Bias">What steering adds for selection.</param>
/// <param name="Price">Its price relative to the mean; null when all are equal.</param>
/// <param name="Others">Other rows of the sample that use it as steered.</param>
/// <param name="Plain">Whether plain top-k chooses it.</param>
/// <param name="Chosen">Whether it is chosen as steered.</param>
/// <param name="Weight">Its mixing weight; null when not chosen.</param>
/// <param name="Why">In words.</param>
[GenerateSerializer, Immutable, Alias("expert-explanation")]
public sealed record ExpertExplanation(
    [property: Id(0)] int Expert,
    [property: Id(1)] float Logit,
    [property: Id(2)] double Probability,
    [property: Id(3)] float Bias,
    [property: Id(4)] float? Price,
    [property: Id(5)] int Others,
    [property: Id(6)] bool Plain,
    [property: Id(7)] bool Chosen,
    [property: Id(8)] float? Weight,
    [property: Id(9)] string Why);

/// <summary>How far apart two snapshots are.</summary>
/// <param name="Left">Number of the one.</param>
/// <param name="Right">Number of the other.</param>
/// <param name="LeftStep">The learner's update count in the one.</param>
/// <param name="RightStep">The learner's update count in the other.</param>
/// <param name="TokensBetween">Tokens that the other has seen more.</param>
/// <param name="WeightDistance">Euclidean distance of all fast weights relative to the length of the left ones; 0 is equal.</param>
/// <param name="GammaLeft">Length of the fast term in the one, logits.</param>
/// <param name="GammaRight">Length of the fast term in the other, logits.</param>
/// <param name="IntegralBiasDistance">Greatest difference of the integral bias over experts, logits.</param>
/// <param name="SameModel">Whether both are of the same revision of the model.</param>
[GenerateSerializer, Immutable, Alias("snapshot-comparison")]
public sealed record SnapshotComparison(
    [property: Id(0)] long Left,
    [property: Id(1)] long Right,
    [property: Id(2)] long LeftStep,
    [property: Id(3)] long RightStep,
    [property: Id(4)] long TokensBetween,
    [property: Id(5)] double WeightDistance,
    [property: Id(6)] double GammaLeft,
    [property: Id(7)] double GammaRight,
    [property: Id(8)] double IntegralBiasDistance,
    [property: Id(9)] bool SameModel);
