using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.History.Alerts;
using EnergyTTT.History.Rollouts;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Rollouts;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Grains.Alerts;

/// <summary>Reads what everything under a rule reads now: what series tell from the history, what only the present tells from the fleet's snapshot.</summary>
internal sealed class AlertReader(AlertSeries series, ResidualReader residuals, RolloutStore rollouts, IGrainFactory grains, TimeSpan forgetAfter)
{
    private const double HorizonSeconds = 30;
    private const double FarthestSeconds = 600;

    // After this long without a frame what a GPU said last is no reading.
    private static readonly TimeSpan Stale = TimeSpan.FromSeconds(30);

    // By the field of a frame that a passport names; throttle counters and tokens come and go with drivers and engines.
    private static readonly ImmutableArray<(string Name, Func<Frame, bool> Speaks)> Sensors =
    [
        ("energy_joules", frame => frame.EnergyJoules is not null),
        ("power_average_watts", frame => frame.PowerAverageWatts is not null),
        ("temperature_celsius", frame => frame.TemperatureCelsius is not null),
        ("memory_temperature_celsius", frame => frame.MemoryTemperatureCelsius is not null),
        ("thermal_margin_celsius", frame => frame.ThermalMarginCelsius is not null),
        ("utilization_ratio", frame => frame.UtilizationRatio is not null),
        ("memory_used_bytes", frame => frame.MemoryUsedBytes is not null),
        ("sm_clock_hertz", frame => frame.SmClockHertz is not null),
        ("power_limit_watts", frame => frame.PowerLimitWatts is not null),
    ];

    /// <summary>What everything under a rule reads.</summary>
    public async Task<AlertReadings> Read(AlertRule rule, AlertSignal signal, FleetSnapshot fleet, DateTimeOffset now, CancellationToken cancellationToken) => signal.Source switch
    {
        AlertSource.Forecast => OfGpus(rule, fleet, now, gpu => SecondsToLimit(gpu, now), values => values.Min(), Origin.Modelled),
        AlertSource.Sensors => OfGpus(rule, fleet, now, gpu => Silent(gpu, now).Count is var count && now - gpu.Received > Stale ? null : count, values => values.Sum(), Origin.Measured, gpu => string.Join(", ", Silent(gpu, now))),
        AlertSource.Silence => OfGpus(rule, fleet, now, gpu => Math.Max(0, (now - gpu.Received).TotalSeconds), values => rule.Per == AlertPer.Host ? values.Min() : values.Max(), Origin.Measured),
        AlertSource.Ledger => await OfLedger(rule, now, cancellationToken),
        AlertSource.Rollouts => await OfRollouts(rule, now, cancellationToken),
        _ => await OfSeries(rule, signal, fleet, now, cancellationToken),
    };

    /// <summary>Seconds until the die reaches its slowdown threshold by a straight line through now and the forecast: 0 beyond it, the most when it does not warm, null without a forecast.</summary>
    internal static double? SecondsToLimit(GpuState gpu, DateTimeOffset now)
    {
        if (now - gpu.Received > Stale || gpu.Latest is not { TemperatureCelsius: { } celsius, ThermalMarginCelsius: { } margin })
        {
            return null;
        }

        return margin <= 0 ? 0 : gpu.ForecastCelsius is not { } forecast ? null : forecast > celsius ? Math.Min(FarthestSeconds, HorizonSeconds * margin / (forecast - celsius)) : FarthestSeconds;
    }

    private static List<string> Silent(GpuState gpu, DateTimeOffset now) => now - gpu.Received > Stale || gpu.Description?.Passport is not { } passport
        ? []
        : [.. Sensors.Where(sensor => !sensor.Speaks(gpu.Latest) && passport.Sensors.Any(entry => entry.Supported && entry.Name == sensor.Name)).Select(sensor => sensor.Name)];

    private IEnumerable<IGrouping<string, (AlertLabels Labels, GpuState Gpu)>> Things(AlertRule rule, FleetSnapshot fleet, DateTimeOffset now) => fleet.Gpus
        .Where(gpu => now - gpu.Received < forgetAfter && (rule.Scope?.Admits(new(gpu.Site, gpu.Rack, gpu.Host, gpu.Gpu.Value)) ?? true))
        .Select(gpu => (Labels: AlertSeries.Labels(rule.Per, gpu.Site, gpu.Rack, gpu.Host, gpu.Gpu.Value), gpu))
        .GroupBy(pair => pair.Labels.Key, StringComparer.Ordinal);

    private AlertReadings OfGpus(AlertRule rule, FleetSnapshot fleet, DateTimeOffset now, Func<GpuState, double?> read, Func<IEnumerable<double>, double> join, Origin least, Func<GpuState, string>? detail = null) => new(
    [
        .. Things(rule, fleet, now).Select(thing =>
        {
            var values = thing.Select(pair => read(pair.Gpu)).OfType<double>().ToList();
            var words = detail is null ? null : string.Join(", ", thing.Select(pair => detail(pair.Gpu)).Where(text => text.Length > 0).Distinct());
            return new AlertReading(thing.First().Labels, values.Count == 0 ? null : join(values), values.Count == 0 ? null : (Origin)Math.Max((int)least, thing.Max(pair => (int)pair.Gpu.Latest.Origin)), words is { Length: > 0 } ? words : null);
        }),
    ]);

    private async Task<AlertReadings> OfSeries(AlertRule rule, AlertSignal signal, FleetSnapshot fleet, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var end = AlertSeries.End(rule, now);
        var rows = (await series.Read(rule, signal, end, end, AlertSeries.Step(rule), cancellationToken)).ToDictionary(row => row.Labels.Key, StringComparer.Ordinal);
        var (readings, unwatched) = (ImmutableArray.CreateBuilder<AlertReading>(), 0);
        foreach (var thing in Things(rule, fleet, now))
        {
            var row = rows.GetValueOrDefault(thing.Key);
            if (row?.Values[0] is null && thing.All(pair => Lacks(pair.Gpu, signal)))
            {
                unwatched++;
                continue;
            }

            readings.Add(new(thing.First().Labels, row?.Values[0], row?.Values[0] is null ? null : row.Origin));
        }

        return new(readings.ToImmutable(), unwatched);
    }

    private static bool Lacks(GpuState gpu, AlertSignal signal) =>
        gpu.Description?.Passport is { } passport && signal.Metrics.All(metric => passport.Sensors.Any(entry => !entry.Supported && entry.Name == metric.Name));

    private async Task<AlertReadings> OfLedger(AlertRule rule, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var minutes = await residuals.Read(now - TimeSpan.FromSeconds(rule.WindowSeconds), now, cancellationToken);
        return new(
        [
            .. minutes.GroupBy(minute => minute.Deployment).Select(deployment => new AlertReading(
                new(Deployment: deployment.Key), Math.Abs(deployment.Sum(minute => minute.ResidualJoules)) / deployment.Sum(minute => minute.CounterJoules), Origin.Modelled)).Where(reading => rule.Scope?.Admits(reading.Labels) ?? true),
        ]);
    }

    private async Task<AlertReadings> OfRollouts(AlertRule rule, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var readings = ImmutableArray.CreateBuilder<AlertReading>();
        foreach (var rollout in await rollouts.Open(cancellationToken))
        {
            var deployment = rollout.Scope.StartsWith("deployment/", StringComparison.Ordinal) ? rollout.Scope["deployment/".Length..] : null;
            var labels = new AlertLabels(Deployment: deployment, Rollout: rollout.Id.ToString(CultureInfo.InvariantCulture));
            if (rule.Scope?.Admits(labels) == false)
            {
                continue;
            }

            var progress = await grains.GetGrain<IRolloutGrain>(IRolloutGrain.KeyOf(rollout.Id)).Progress(cancellationToken);
            var stands = rollout.State == RolloutState.Paused || progress is null || progress.Applying < progress.Chosen;
            readings.Add(new(labels, stands ? Math.Max(0, (now - rollout.ChangedAt).TotalSeconds) : 0, Origin.Measured, progress is null ? null : $"{progress.Applying} of {progress.Chosen} chosen routers apply version {rollout.Version}{(rollout.State == RolloutState.Paused ? ", paused" : "")}"));
        }

        return new(readings.ToImmutable());
    }
}
