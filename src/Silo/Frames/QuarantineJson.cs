using System.Text.Json.Serialization;

namespace EnergyTTT.Silo.Frames;

/// <summary>Source-generated JSON of the quarantine.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<QuarantinedFrame>))]
internal sealed partial class QuarantineJson : JsonSerializerContext;
