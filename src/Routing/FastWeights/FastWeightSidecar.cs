using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EnergyTTT.Routing.FastWeights;

/// <summary>What travels beside a blob as JSON: whose weights these are and the scalars that go with them.</summary>
/// <param name="RouterId">As <c>router/qwen/17</c>.</param>
/// <param name="ModelRevision">The model revision that the weights were learned on.</param>
/// <param name="ProjectionSeed">Seed of the feature projection.</param>
/// <param name="ProjectionDigest">SHA-256 of the projection: equal features need equal digests.</param>
/// <param name="StandardiserMean">Running mean of the features, one per raw feature.</param>
/// <param name="StandardiserVariance">Running variance of the features.</param>
/// <param name="Gamma">Length of the fast term in logits, 0 or more.</param>
/// <param name="Lambda">Length of the price term in logits per standard price.</param>
/// <param name="IntegralBias">b_int <c>[experts]</c>, in logits.</param>
/// <param name="TokensSeen">Tokens since the router was made.</param>
/// <param name="ParentDigest">SHA-256 of the blob that this one was forked or continued from; <see langword="null"/> for the first.</param>
/// <param name="Sha256">SHA-256 of the blob, lower-case hexadecimal.</param>
public sealed record FastWeightSidecar(
    string RouterId, string ModelRevision, int ProjectionSeed, string ProjectionDigest, double[] StandardiserMean, double[] StandardiserVariance,
    double Gamma, double Lambda, double[] IntegralBias, long TokensSeen, string? ParentDigest, string Sha256)
{
    /// <summary>Updates of the router so far, those that were rolled back included: the blob's own step goes back with its weights. Null in sidecars that do not say.</summary>
    public long? UpdateCount { get; init; }

    /// <summary>The digest that <see cref="Sha256"/> holds.</summary>
    public static string Digest(ReadOnlySpan<byte> blob) => Convert.ToHexStringLower(SHA256.HashData(blob));

    /// <summary>Whether this sidecar belongs to that blob.</summary>
    public bool BelongsTo(ReadOnlySpan<byte> blob) => Digest(blob) == Sha256;

    /// <summary>JSON in snake_case.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, FastWeightJson.Default.FastWeightSidecar);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">Not such JSON, or a field is missing.</exception>
    public static FastWeightSidecar Parse(string json) =>
        JsonSerializer.Deserialize(json, FastWeightJson.Default.FastWeightSidecar) ?? throw new JsonException("a sidecar is an object, this is null");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(FastWeightSidecar))]
internal sealed partial class FastWeightJson : JsonSerializerContext;
