using System.Text.Json;
using System.Text.Json.Serialization;
using EnergyTTT.Wire.Backtests;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Proposals;
using EnergyTTT.Wire.Rollouts;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Wire.Json;

/// <summary>The source-generated JSON of the edge: snake_case names, unknown left out, numbers strict.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TelemetryBatch))]
[JsonSerializable(typeof(TelemetryReceipt))]
[JsonSerializable(typeof(PowerCapOrder))]
[JsonSerializable(typeof(DeploymentDescription))]
[JsonSerializable(typeof(ChunkFeedback))]
[JsonSerializable(typeof(SteeringEpoch))]
[JsonSerializable(typeof(AppliedEpoch))]
[JsonSerializable(typeof(PlacementQuestion))]
[JsonSerializable(typeof(PlacementAnswer))]
[JsonSerializable(typeof(PolicyVersion))]
[JsonSerializable(typeof(PolicyChange))]
[JsonSerializable(typeof(PolicyDocument))]
[JsonSerializable(typeof(PolicyMistake))]
[JsonSerializable(typeof(PolicySchedules))]
[JsonSerializable(typeof(PolicySchedule[]))]
[JsonSerializable(typeof(EffectivePolicy))]
[JsonSerializable(typeof(HardwarePolicy))]
[JsonSerializable(typeof(BacktestRequest))]
[JsonSerializable(typeof(BacktestReport))]
[JsonSerializable(typeof(RolloutRequest))]
[JsonSerializable(typeof(RolloutPlan))]
[JsonSerializable(typeof(RolloutProgress))]
[JsonSerializable(typeof(RolloutOrder))]
[JsonSerializable(typeof(PolicyProposal))]
[JsonSerializable(typeof(ProposalOrder))]
[JsonSerializable(typeof(RunBundle))]
[JsonSerializable(typeof(RunReceipt))]
[JsonSerializable(typeof(RunTrial))]
[JsonSerializable(typeof(RunDecision))]
public sealed partial class WireJson : JsonSerializerContext;
