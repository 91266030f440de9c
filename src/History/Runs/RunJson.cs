using System.Text.Json.Serialization;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.History.Runs;

/// <summary>Source-generated JSON of the parts of a run: the very letters that <see cref="RunBundleFile"/> writes for them.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RunDescription))]
[JsonSerializable(typeof(RunArm))]
[JsonSerializable(typeof(RunTrial))]
[JsonSerializable(typeof(RunComparison))]
[JsonSerializable(typeof(RunSeries))]
[JsonSerializable(typeof(RunReceipt))]
internal sealed partial class RunJson : JsonSerializerContext;
