using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace EnergyTTT.Silo.Metrics;

/// <summary>Sums and last values of the instruments of deployments and routers in this process, for <c>/metrics</c>. What needs more than a sum goes out by OpenTelemetry.</summary>
internal sealed class MeterTotals : IHostedService, IDisposable
{
    private static readonly string[] Meters = ["EnergyTTT.Deployments", "EnergyTTT.Routers"];
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, (Instrument Instrument, ConcurrentDictionary<string, (string?[] Labels, double Sum, long Count)> Samples)> _families = new(StringComparer.Ordinal);

    /// <summary>Begins to listen.</summary>
    public MeterTotals()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (Meters.Contains(instrument.Meter.Name))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        _listener.Start();
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    /// <summary>Writes the families, by name.</summary>
    public void Write(Exposition page)
    {
        foreach (var (instrument, samples) in _families.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => pair.Value))
        {
            var unit = instrument.Unit switch { "J" => "joules", "s" => "seconds", _ => null };
            var name = instrument.Name.Replace('.', '_') + (unit is null ? "" : "_" + unit);
            page.Family(name, IsGauge(instrument) ? "gauge" : "counter", instrument.Description ?? instrument.Name, unit);
            foreach (var sample in samples.Values)
            {
                page.Sample(sample.Sum, sample.Labels);
            }

            if (instrument.GetType().GetGenericTypeDefinition() == typeof(Histogram<>))
            {
                page.Family(instrument.Name.Replace('.', '_') + "_count", "counter", $"How often {name} was added to.");
                foreach (var sample in samples.Values)
                {
                    page.Sample(sample.Count, sample.Labels);
                }
            }
        }
    }

    private static bool IsGauge(Instrument instrument) => instrument.GetType().GetGenericTypeDefinition() == typeof(Gauge<>);

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new string?[2 * tags.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            (labels[2 * i], labels[(2 * i) + 1]) = (tags[i].Key, tags[i].Value?.ToString());
        }

        var replaces = IsGauge(instrument);
        _families.GetOrAdd(instrument.Name, static (_, it) => (it, new(StringComparer.Ordinal)), instrument).Samples.AddOrUpdate(
            string.Join('\n', labels), _ => (labels, value, 1), (_, before) => (labels, replaces ? value : before.Sum + value, before.Count + 1));
    }
}
