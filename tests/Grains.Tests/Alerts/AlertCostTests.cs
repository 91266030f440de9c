using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Gpus;
using EnergyTTT.Grains.Alerts;
using EnergyTTT.History;
using EnergyTTT.History.Alerts;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Rollouts;
using EnergyTTT.History.Series;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Xunit;
using Xunit.Abstractions;

namespace EnergyTTT.Grains.Tests.Alerts;

/// <summary>What a look at twenty rules over a thousand GPUs costs, and that what it reads is right.</summary>
public sealed class AlertCostTests(PostgresFixture postgres, ITestOutputHelper output) : IClassFixture<PostgresFixture>
{
    private const int Gpus = 1_000;
    private const int Hosts = 125;
    private const int Seconds = 90;

    [Fact]
    public async Task A_thousand_gpus_under_twenty_rules_are_read_in_one_statement_per_metric()
    {
        var end = Floor(TimeProvider.System.GetUtcNow());
        await Fill(end);
        await using var provider = new ServiceCollection().AddLogging().AddMetrics().AddHistory(postgres.ConnectionString, writes: false).BuildServiceProvider();
        var series = new AlertSeries(provider.GetRequiredService<SeriesReader>());
        var reader = new AlertReader(series, provider.GetRequiredService<ResidualReader>(), provider.GetRequiredService<RolloutStore>(), null!, TimeSpan.FromDays(7)); // no rollout is open
        var now = end.AddSeconds(4);
        var fleet = new FleetSnapshot(1, now, [.. Enumerable.Range(0, Gpus).Select(i => State(i, end))]);
        AlertRule[] rules =
        [
            .. MetricsCatalogue.All.Where(metric => metric.Kind is not MetricKind.Quotient).Take(12).Select(metric => new AlertRule(metric.Name.Replace('_', '-'), metric.Name, 1e12)),
            new("hot", "temperature_celsius", 80), new("hot-too", "temperature_celsius", 90, Severity: AlertSeverity.Critical), new("gone", "agent_silence_seconds", 60, Per: AlertPer.Host), new("near", "seconds_to_thermal_limit", 60, Comparison: AlertComparison.Below),
            new("slow", "throttle_ratio", 0.05), new("watts", "power_average_watts", 1, Per: AlertPer.Rack), new("silent", "silent_sensors", 0), new("stuck", "rollout_stuck_seconds", 60, Per: AlertPer.Rollout),
        ];
        Assert.Equal(20, rules.Length);

        var (times, before) = (new List<double>(), rules.ToDictionary(rule => rule.Name, rule => new RuleStates(new(rule.Name, 1, rule, "a test", "a test", now), AlertSignals.Find(rule.Signal), ImmutableDictionary<string, AlertThing>.Empty)));
        var looks = new Dictionary<string, AlertLook>();
        for (var round = 0; round < 5; round++)
        {
            // A new reader each time: nothing is kept from the round before.
            series = new AlertSeries(provider.GetRequiredService<SeriesReader>());
            reader = new AlertReader(series, provider.GetRequiredService<ResidualReader>(), provider.GetRequiredService<RolloutStore>(), null!, TimeSpan.FromDays(7));
            var (started, cpu) = (Stopwatch.GetTimestamp(), Process.GetCurrentProcess().TotalProcessorTime);
            series.Begin();
            foreach (var rule in rules)
            {
                looks[rule.Name] = AlertLook.At(before[rule.Name], await reader.Read(rule, AlertSignals.Find(rule.Signal)!, fleet, now, CancellationToken.None), now);
            }

            times.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"look {round}: {times[^1]:0.000} s, {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds:0.000} s of this process, {series.Statements} statements, {looks.Values.Sum(look => look.States.Things.Count)} things"));
        }

        // Metrics of frames, one per grouping, and three of the throttle ledger; not one per GPU.
        Assert.InRange(series.Statements, 12, 17);
        Assert.Equal(Gpus, looks["hot"].States.Things.Count);
        Assert.Equal(100, looks["hot"].Transitions.Count(change => change.After == AlertState.Alerting));
        Assert.Equal(0, looks["hot-too"].Transitions.Count(change => change.After == AlertState.Alerting));
        Assert.Equal(85, looks["hot"].States.Things["gpu/GPU-0000"].Reading.Value);
        Assert.Equal(10, looks["watts"].States.Things.Count);
        Assert.Equal(104 * 300, looks["watts"].States.Things["rack/ams/r0"].Reading.Value!.Value, 3);
        Assert.All(looks["slow"].States.Things.Values, thing => Assert.Equal(0.25, thing.Reading.Value!.Value, 6));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"best of five: {times.Min():0.000} s for {Gpus} GPUs x {rules.Length} rules"));
    }

    private static GpuState State(int i, DateTimeOffset end) => new()
    {
        Gpu = GpuId.Parse(Name(i)), Site = "ams", Rack = "r" + (i / 8 % 10), Host = "h" + (i / 8), Received = end, ForecastCelsius = 60,
        Latest = new Frame { Gpu = GpuId.Parse(Name(i)), Sequence = 1, Time = end, Seconds = 1, Origin = Origin.Measured, TemperatureCelsius = 50, ThermalMarginCelsius = 30, PowerAverageWatts = 300 },
    };

    private static string Name(int i) => string.Create(CultureInfo.InvariantCulture, $"GPU-{i:0000}");

    private static DateTimeOffset Floor(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds() / 10 * 10);

    // Every tenth GPU is at 85 °C; all draw 300 W and are slowed by heat for a quarter of each second.
    private async Task Fill(DateTimeOffset end)
    {
        await using var provider = new ServiceCollection().AddLogging().AddMetrics().AddHistory(postgres.ConnectionString).BuildServiceProvider();
        var writer = provider.GetRequiredService<FrameWriter>();
        await writer.StartAsync(CancellationToken.None);
        while (!writer.Ready)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        await Parallel.ForEachAsync(Enumerable.Range(0, Hosts), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (host, cancellationToken) =>
        {
            var ids = Enumerable.Range(0, Gpus).Where(i => i / 8 == host).ToList();
            Frame[] frames =
            [
                .. ids.SelectMany(i => Enumerable.Range(0, Seconds).Select(s => new Frame
                {
                    Gpu = GpuId.Parse(Name(i)), Sequence = s, Time = end.AddSeconds(s + 1 - Seconds), Seconds = 1, Origin = Origin.Measured, EnergyJoules = 300, PowerAverageWatts = 300, PowerMaxWatts = 310,
                    TemperatureCelsius = i % 10 == 0 ? 85 : 60, ThermalMarginCelsius = 20, UtilizationRatio = 1, MemoryUsedBytes = 1, MemoryTotalBytes = 2, SmClockHertz = 1e9, ThrottleSeconds = new ThrottleSeconds { HwThermal = 0.25 }, Samples = 10,
                })),
            ];
            var batch = new TelemetryBatch { Source = "agent/h" + host, Boot = "boot", Site = "ams", Rack = "r" + (host % 10), Host = "h" + host, Gpus = [.. ids.Select(i => new GpuDescription { Gpu = GpuId.Parse(Name(i)) })], Frames = frames };
            await writer.Write(batch, frames, end, cancellationToken);
        });
        await writer.StopAsync(CancellationToken.None);
    }
}
