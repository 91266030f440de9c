using System.Text.Json.Serialization;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Wire.Backtests;

/// <summary>What if: a draft that is laid over the recorded past, posted to <c>/v1/policies/{scope}/backtest</c>. Nothing is saved.</summary>
/// <param name="Document">Everything that the scope would set.</param>
/// <param name="Hours">How much of the past, 1 to 24 hours.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BacktestRequest(PolicyDocument Document, int Hours = 6);

/// <summary>
/// Recorded usage and telemetry through the policy in force and through the draft, side by side. Every number of both sides comes from the same model, never from a sensor; how wrong that
/// model was on this very record stands beside it.
/// </summary>
/// <param name="Scope">The scope.</param>
/// <param name="From">Begin of the record.</param>
/// <param name="To">Its end.</param>
/// <param name="Origin">Always <c>modelled</c>, or <c>simulated</c> where simulated GPUs contribute.</param>
/// <param name="RoutersAffected">Routers whose effective policy would differ at any time of the record.</param>
/// <param name="GpusAffected">GPUs of deployments with such a router, and GPUs whose policy of the hardware would differ.</param>
/// <param name="Deployments">By deployment; only those that the scope reaches and that have a record.</param>
/// <param name="Notes">What a reader must know, such as what the record lacks.</param>
/// <param name="Current">All deployments together under the policy in force; null without a record.</param>
/// <param name="Draft">The same under the draft.</param>
public sealed record BacktestReport(
    string Scope, DateTimeOffset From, DateTimeOffset To, string Origin, int RoutersAffected, int GpusAffected, IReadOnlyList<BacktestDeployment> Deployments, IReadOnlyList<string> Notes,
    BacktestFigures? Current = null, BacktestFigures? Draft = null);

/// <summary>One deployment on both sides.</summary>
/// <param name="Deployment">Its name.</param>
/// <param name="Chunks">Chunks of its record.</param>
/// <param name="RoutersAffected">Its routers whose policy would differ.</param>
/// <param name="Gpus">Its GPUs.</param>
/// <param name="Current">Under the policy in force.</param>
/// <param name="Draft">Under the draft.</param>
/// <param name="Error">How wrong the model is on its own record.</param>
public sealed record BacktestDeployment(string Deployment, long Chunks, int RoutersAffected, int Gpus, BacktestFigures Current, BacktestFigures Draft, BacktestError Error);

/// <summary>What the model says; null where the record says too little.</summary>
/// <param name="SteeredShare">Share of the tokens that are steered.</param>
/// <param name="Watts">Mean power per GPU in watts.</param>
/// <param name="Celsius">Mean die temperature in degrees Celsius.</param>
/// <param name="JoulesPerToken">Joules per token.</param>
/// <param name="RetainedMass">Mean retained gate mass.</param>
/// <param name="DistinctExperts">Mean distinct experts per layer and step.</param>
public sealed record BacktestFigures(double SteeredShare, double? Watts = null, double? Celsius = null, double? JoulesPerToken = null, double? RetainedMass = null, double? DistinctExperts = null);

/// <summary>The model's own error: fitted on the older half of the record, it foretells the newer half under the policies that really were in force.</summary>
/// <param name="JoulesPerTokenPercent">Mean absolute error of joules per token in percent; null with too short a record.</param>
/// <param name="RetainedMass">Mean absolute error of the retained mass; null with too short a record.</param>
/// <param name="Celsius">Mean absolute error of the temperature; null without readings.</param>
/// <param name="Stretches">Stretches of five minutes that it was tested on.</param>
public sealed record BacktestError(double? JoulesPerTokenPercent = null, double? RetainedMass = null, double? Celsius = null, int Stretches = 0);
