using System.Collections.Immutable;
using EnergyTTT.History.Backtests;
using EnergyTTT.History.Deployments;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Wire.Backtests;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Grains.Backtests;

/// <summary>The record of one deployment through policies.</summary>
/// <param name="deployment">The deployment.</param>
/// <param name="record">What is recorded of it.</param>
/// <param name="fit">Its cost table; null for none.</param>
/// <param name="past">The policy that was in force at a moment.</param>
internal sealed class DeploymentReplay(StoredDeployment deployment, UsageRecord record, CostFit? fit, Func<DateTimeOffset, EffectivePolicy> past)
{
    private const double StretchSeconds = 300;
    private const int LeastReadings = 4;

    private readonly ImmutableArray<(UsageStretch Stretch, EffectivePolicy? Policy)> _lived =
        [.. record.Stretches.Select(stretch => (stretch, stretch.Epoch > 0 && !stretch.HeldOut ? past(stretch.Start) : null))];

    /// <summary>Its GPUs.</summary>
    public int Gpus { get; } = deployment.Description.Replicas.SelectMany(replica => replica.Gpus).Distinct(StringComparer.Ordinal).Count();

    /// <summary>Tokens of the record.</summary>
    public double Tokens { get; } = record.Stretches.Sum(stretch => (double)stretch.Tokens);

    /// <summary>Both sides and the model's own error.</summary>
    /// <param name="current">The policy in force, with its windows at a moment.</param>
    /// <param name="draft">The draft, with its windows at a moment.</param>
    public BacktestDeployment Run(Func<DateTimeOffset, EffectivePolicy> current, Func<DateTimeOffset, EffectivePolicy> draft)
    {
        var model = UsageModel.Fit(record.Demand, fit, _lived);
        var heat = HeatPerWatt(record.Telemetry);
        var differs = record.Stretches.Select(stretch => stretch.Start).Any(time => Differ(current(time), draft(time)));
        return new(deployment.Name, record.Stretches.Sum(stretch => stretch.Chunks), differs ? deployment.Description.Layers : 0, Gpus, Figures(model, heat, current), Figures(model, heat, draft), Error());
    }

    /// <summary>Whether two policies do anything else than one another.</summary>
    public static bool Differ(EffectivePolicy one, EffectivePolicy other) => one with { Version = 0, Windows = "", Rollout = 0 } != other with { Version = 0, Windows = "", Rollout = 0 };

    private BacktestFigures Figures(UsageModel model, double? heat, Func<DateTimeOffset, EffectivePolicy> policyAt)
    {
        Sum tokens = new(), steered = new(), joules = new(), mass = new(), distinct = new(), watts = new(), celsius = new();
        foreach (var time in _lived.GroupBy(one => one.Stretch.Start))
        {
            var policy = policyAt(time.Key);
            var weight = time.Sum(one => (double)one.Stretch.Tokens);
            var batch = Math.Max(1, weight / time.Sum(one => one.Stretch.Steps));
            var held = policy.Mode == SteeringMode.Enforce ? policy.HoldOutShare : 1;
            double? Blend(Func<EffectivePolicy?, double?> of) => held >= 1 ? of(null) : (held * of(null)) + ((1 - held) * of(policy));
            var cost = Blend(one => model.JoulesPerToken(one, batch));
            tokens.Add(1, weight);
            steered.Add(1 - held, weight);
            joules.Add(cost, weight);
            mass.Add(Blend(one => model.Mass(one)), weight);
            distinct.Add(Blend(one => model.Distinct(one, batch)), weight);
            if (record.Telemetry.FirstOrDefault(one => one.Start == time.Key) is { Watts: { } power } reading)
            {
                // What the model says of the difference to what really ran is laid upon what was measured.
                var lived = time.Sum(one => (model.JoulesPerToken(one.Policy, batch) ?? 0) * one.Stretch.Tokens);
                double? change = cost is { } value ? ((value * weight) - lived) / StretchSeconds / Math.Max(1, Gpus) : null;
                watts.Add(power + change, 1);
                celsius.Add(reading.Celsius + (heat * change), 1);
            }
        }

        return new(steered.Mean ?? 0, watts.Mean, celsius.Mean, joules.Mean, mass.Mean, distinct.Mean);
    }

    private BacktestError Error()
    {
        var half = _lived.Length / 2;
        if (half < 2)
        {
            return new();
        }

        var model = UsageModel.Fit(record.Demand, fit, [.. _lived.Take(half)]);
        Sum joules = new(), mass = new();
        foreach (var (stretch, policy) in _lived.Skip(half))
        {
            var real = stretch.Joules / stretch.Tokens;
            joules.Add(100 * Math.Abs((model.JoulesPerToken(policy, UsageModel.Batch(stretch)) - real) / real ?? double.NaN), stretch.Tokens);
            mass.Add(policy is null ? null : Math.Abs(model.Mass(policy) - stretch.RetainedMass ?? double.NaN), stretch.Tokens);
        }

        var readings = record.Telemetry.Where(one => one is { Watts: not null, Celsius: not null }).ToList();
        Sum celsius = new();
        if (HeatPerWatt([.. readings.Take(readings.Count / 2)]) is { } slope)
        {
            var (watts, degrees) = (readings.Take(readings.Count / 2).Average(one => one.Watts!.Value), readings.Take(readings.Count / 2).Average(one => one.Celsius!.Value)); // filtered
            readings.Skip(readings.Count / 2).ToList().ForEach(one => celsius.Add(Math.Abs(degrees + (slope * (one.Watts!.Value - watts)) - one.Celsius!.Value), 1)); // filtered
        }

        return new(joules.Mean, mass.Mean, celsius.Mean, _lived.Length - half);
    }

    /// <summary>Degrees per watt by least squares over the record; null where power hardly moved.</summary>
    private static double? HeatPerWatt(ImmutableArray<TelemetryStretch> telemetry)
    {
        var readings = telemetry.Where(one => one is { Watts: not null, Celsius: not null }).Select(one => (Watts: one.Watts!.Value, Celsius: one.Celsius!.Value)).ToList(); // filtered
        if (readings.Count < LeastReadings)
        {
            return null;
        }

        var (watts, celsius) = (readings.Average(one => one.Watts), readings.Average(one => one.Celsius));
        var spread = readings.Sum(one => Math.Pow(one.Watts - watts, 2));
        return spread / readings.Count < 1 ? null : Math.Clamp(readings.Sum(one => (one.Watts - watts) * (one.Celsius - celsius)) / spread, 0, 0.5);
    }

    private sealed class Sum
    {
        private double _sum;
        private double _weights;

        public double? Mean => _weights > 0 ? _sum / _weights : null;

        public void Add(double? value, double weight)
        {
            if (value is { } known && double.IsFinite(known))
            {
                _sum += known * weight;
                _weights += weight;
            }
        }
    }
}
