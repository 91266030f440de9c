using EnergyTTT.Evidence.Blocks;
using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Experiments.Cards;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Meters;

/// <summary>
/// Joules of the whole device from its energy counter. A window goes from the first tick after a trial has settled to its last tick, and the tokens are those completed between these two moments: no part
/// of a tick is guessed.
/// </summary>
/// <remarks>Source: docs/decisions/0160.</remarks>
internal sealed class CounterMeter(CardWatch watch) : ITrialMeter
{
    private const double SettleSeconds = 0.2, LongestTick = 0.25, AverageLag = 1.05, GreatestEdge = 0.02, GreatestThrottle = 0.01, GreatestDrift = 6;
    private readonly Dictionary<string, List<double>> _celsius = new(StringComparer.Ordinal);
    private readonly TimeProvider _time = TimeProvider.System;

    public Origin Origin => Origin.Measured;

    public GpuStatistics? Latest => watch.Latest;

    public void Begin()
    {
    }

    public RunTrial Measure(RunTrial trial, TrialWork work)
    {
        var (begin, end) = (work.Progress[0].Timestamp, work.Progress[^1].Timestamp);
        var ticks = watch.Ticks(begin + (long)(SettleSeconds * _time.TimestampFrequency), end);
        if (ticks.Count < 2)
        {
            return trial with { Seconds = Seconds(begin, end), Tokens = work.Tokens, Codes = [ReasonCode.WindowTooShort] };
        }

        var (first, last) = (ticks[0], ticks[^1]);
        var seconds = Seconds(first.Timestamp, last.Timestamp);
        var tokens = Completed(work.Progress, last.Timestamp) - Completed(work.Progress, first.Timestamp);
        var resets = 0;
        double gap = 0;
        for (var i = 1; i < ticks.Count; i++)
        {
            resets += ticks[i].Millijoules < ticks[i - 1].Millijoules ? 1 : 0;
            var between = Seconds(ticks[i - 1].Timestamp, ticks[i].Timestamp);
            gap += between > LongestTick ? between : 0;
        }

        double? joules = resets > 0 ? null : (last.Millijoules - first.Millijoules) / 1000.0;
        var readings = watch.Readings(first.Timestamp, last.Timestamp);

        // The card averages over its last second: what it says in the first second of a trial is of the one before.
        var watts = Quantiles.Mean(readings.Where(reading => Seconds(begin, reading.Timestamp) >= AverageLag).Select(reading => reading.AverageWatts));
        var celsius = readings.Select(reading => reading.Celsius).OfType<double>().ToList();
        var throttled = readings.Count > 1 ? (readings[^1].ThrottledNanoseconds - readings[0].ThrottledNanoseconds) / 1e9 : null;
        var edge = first.UncertainSeconds + last.UncertainSeconds;
        List<string> codes = [];
        Add(resets > 0, ReasonCode.CounterReset);
        Add(joules is not > 0, ReasonCode.NoEnergy);
        Add(tokens <= 0, ReasonCode.NoTokens);
        Add(edge > GreatestEdge * seconds, ReasonCode.WindowTooShort);
        Add(gap > BlockValidity.GreatestGapShare * seconds, ReasonCode.Gap);
        Add(joules is > 0 and var j && watts is { } w && Math.Abs(j - w * seconds) > BlockValidity.GreatestDisagreement * j, ReasonCode.SensorDisagreement);
        Add(throttled > GreatestThrottle * seconds, ReasonCode.Throttled);
        if (celsius.Count > 0)
        {
            if (!_celsius.TryGetValue(trial.Arm, out var earlier))
            {
                _celsius[trial.Arm] = earlier = [];
            }

            Add(earlier.Count >= 2 && Math.Abs(celsius.Average() - Quantiles.Of(earlier, 0.5)!.Value) > GreatestDrift, ReasonCode.ThermalDrift); // there are earlier ones
            earlier.Add(celsius.Average());
        }

        return trial with
        {
            Started = trial.Started + TimeSpan.FromSeconds(Seconds(begin, first.Timestamp)), Finished = trial.Started + TimeSpan.FromSeconds(Seconds(begin, last.Timestamp)), Seconds = seconds,
            Tokens = (long)Math.Round(tokens), Joules = joules, EnergyMethod = EnergyMethod.Counter, EdgeSeconds = edge, PowerAverageWatts = watts,
            TemperatureStartCelsius = celsius.Count > 0 ? celsius[0] : null, TemperatureEndCelsius = celsius.Count > 0 ? celsius[^1] : null, TemperatureMaxCelsius = celsius.Count > 0 ? celsius.Max() : null,
            SmClockHertz = readings.Count > 0 ? readings[^1].SmClockHertz : null, ThrottleSeconds = throttled, MsPerTokenP50 = Quantiles.Of(work.StepMilliseconds, 0.5), MsPerTokenP95 = Quantiles.Of(work.StepMilliseconds, 0.95),
            CounterResets = resets, GapSeconds = gap, Codes = codes,
        };

        void Add(bool holds, string code)
        {
            if (holds)
            {
                codes.Add(code);
            }
        }
    }

    public RunReceipt Describe(RunReceipt receipt, IReadOnlyList<RunTrial> trials)
    {
        var disagreements = trials.Where(trial => trial is { Joules: > 0, PowerAverageWatts: not null }).ToList();
        var counted = disagreements.Sum(trial => trial.Joules!.Value); // filtered
        return receipt with
        {
            EnergyMethod = EnergyMethod.Counter, EdgesAligned = true, Gpus = [watch.Gpu], GpuModel = watch.Model, Driver = watch.Driver, PowerLimitWatts = watch.Latest?.PowerLimitWatts,
            CounterResets = trials.Sum(trial => trial.CounterResets), GapSeconds = trials.Sum(trial => trial.GapSeconds),
            EnergyDisagreement = counted > 0 ? Math.Abs(counted - disagreements.Sum(trial => trial.PowerAverageWatts!.Value * trial.Seconds)) / counted : null, // filtered
        };
    }

    public void Dispose()
    {
    }

    /// <summary>Tokens completed until a moment, between two notes of progress in proportion.</summary>
    internal static double Completed(List<(long Timestamp, long Tokens)> progress, long at)
    {
        var after = progress.FindIndex(note => note.Timestamp >= at);
        if (after < 0)
        {
            return progress[^1].Tokens;
        }

        if (after == 0)
        {
            return progress[0].Tokens;
        }

        var (a, b) = (progress[after - 1], progress[after]);
        return b.Timestamp == a.Timestamp ? b.Tokens : a.Tokens + (b.Tokens - a.Tokens) * (double)(at - a.Timestamp) / (b.Timestamp - a.Timestamp);
    }

    private double Seconds(long from, long to) => _time.GetElapsedTime(from, to).TotalSeconds;
}
