using System.Collections.Immutable;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Grains.Alerts;

/// <summary>What one thing reads.</summary>
/// <param name="Labels">What it is.</param>
/// <param name="Value">In the signal's unit; null is silence.</param>
/// <param name="Origin">Where the value comes from; null without one.</param>
/// <param name="Detail">A few words more.</param>
internal readonly record struct AlertReading(AlertLabels Labels, double? Value, Origin? Origin = null, string? Detail = null);

/// <summary>What everything under a rule reads.</summary>
/// <param name="Readings">One per thing.</param>
/// <param name="Unwatched">Things without such a sensor, which have no state.</param>
internal sealed record AlertReadings(ImmutableArray<AlertReading> Readings, int Unwatched = 0);

/// <summary>What everything under a rule read over a stretch of the past.</summary>
/// <param name="From">Start of the first window's end.</param>
/// <param name="Step">Distance of points.</param>
/// <param name="Things">One row per thing, one value per point; null is silence.</param>
internal sealed record AlertPast(DateTimeOffset From, TimeSpan Step, ImmutableArray<(AlertLabels Labels, double?[] Values)> Things);
