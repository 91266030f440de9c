using System.Text.Json;
using System.Text.Json.Serialization;
using EnergyTTT.Wire.Alerts;
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
[JsonSerializable(typeof(AlertRule))]
[JsonSerializable(typeof(AlertRuleVersion))]
[JsonSerializable(typeof(AlertRuleChange))]
[JsonSerializable(typeof(AlertRuleView))]
[JsonSerializable(typeof(AlertLabels))]
[JsonSerializable(typeof(AlertInstance))]
[JsonSerializable(typeof(AlertOverview))]
[JsonSerializable(typeof(AlertPreview))]
[JsonSerializable(typeof(AlertTransition))]
[JsonSerializable(typeof(AcknowledgementRequest))]
[JsonSerializable(typeof(AlertSilence))]
[JsonSerializable(typeof(AlertMatcher[]))]
[JsonSerializable(typeof(SilenceRequest))]
[JsonSerializable(typeof(MaintenanceWindow))]
[JsonSerializable(typeof(ContactPoint))]
[JsonSerializable(typeof(ContactPointChange))]
[JsonSerializable(typeof(ContactPointView))]
[JsonSerializable(typeof(AlertItem[]))]
[JsonSerializable(typeof(AlertMessage))]
[JsonSerializable(typeof(AlertDelivery))]
public sealed partial class WireJson : JsonSerializerContext;
