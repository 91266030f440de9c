using System.Text.Json;
using System.Text.Json.Serialization;
using EnergyTTT.Telemetry.Acceptance;
using EnergyTTT.Telemetry.Sources;

namespace EnergyTTT.Telemetry.Passports;

/// <summary>JSON of what the commands of this room print: snake_case, unknown left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<HostDescription>))]
[JsonSerializable(typeof(AcceptanceReport))]
public sealed partial class PassportJson : JsonSerializerContext;
