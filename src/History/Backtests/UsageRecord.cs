using System.Collections.Immutable;

namespace EnergyTTT.History.Backtests;

/// <summary>What is recorded of a deployment over some hours, condensed for a backtest.</summary>
/// <param name="Stretches">By stretch of five minutes and arm, oldest first.</param>
/// <param name="Demand">Per layer the share of tokens that chose each expert, over a sample of chunks; sums to top-k.</param>
/// <param name="Telemetry">Per stretch the mean power and temperature of its GPUs.</param>
public sealed record UsageRecord(ImmutableArray<UsageStretch> Stretches, ImmutableArray<ImmutableArray<double>> Demand, ImmutableArray<TelemetryStretch> Telemetry);

/// <summary>Five minutes of one arm.</summary>
/// <param name="Start">Its begin.</param>
/// <param name="HeldOut">Whether nothing was steered.</param>
/// <param name="Chunks">Chunks.</param>
/// <param name="Tokens">Tokens completed.</param>
/// <param name="Steps">Steps of the engine.</param>
/// <param name="Joules">Joules by counters, else by the cost table; null where neither spoke.</param>
/// <param name="DistinctExperts">Mean distinct experts per layer and step; null when not reported.</param>
/// <param name="RetainedMass">Mean retained mass; null when not reported.</param>
/// <param name="Epoch">The greatest epoch that engines ran; 0 is unsteered.</param>
public sealed record UsageStretch(DateTimeOffset Start, bool HeldOut, long Chunks, long Tokens, double Steps, double? Joules, double? DistinctExperts, double? RetainedMass, long Epoch);

/// <summary>Five minutes of a deployment's GPUs.</summary>
/// <param name="Start">Its begin.</param>
/// <param name="Watts">Mean power per GPU; null without readings.</param>
/// <param name="Celsius">Mean die temperature; null without readings.</param>
public sealed record TelemetryStretch(DateTimeOffset Start, double? Watts, double? Celsius);
