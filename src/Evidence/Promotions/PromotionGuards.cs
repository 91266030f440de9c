namespace EnergyTTT.Evidence.Promotions;

/// <summary>What a proposed bias must not break while it saves.</summary>
/// <param name="QualityHeld">Whether every quality guard held in every treated block.</param>
/// <param name="LatencyRatio">95th percentile of latency, treated over control; null when not measured.</param>
public readonly record struct PromotionGuards(bool QualityHeld, double? LatencyRatio);
