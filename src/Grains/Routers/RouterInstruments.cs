using System.Diagnostics.Metrics;

namespace EnergyTTT.Grains.Routers;

/// <summary>What routers count.</summary>
public sealed class RouterInstruments : IDisposable
{
    private readonly Meter _meter;
    private readonly Histogram<double> _looks;
    private readonly Counter<long> _updates;
    private readonly Counter<long> _lost;

    /// <summary>Makes the instruments.</summary>
    public RouterInstruments(IMeterFactory meters)
    {
        _meter = meters.Create("EnergyTTT.Routers");
        _looks = _meter.CreateHistogram<double>("energyttt.router.look.duration", "s", "Time that a learner took for one window; it runs inside a grain turn.");
        _updates = _meter.CreateCounter<long>("energyttt.router.updates", "{update}", "Updates of fast weights.");
        _lost = _meter.CreateCounter<long>("energyttt.router.updates_lost", "{update}", "Updates that a router lost when it resumed from a snapshot.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void Looked(TimeSpan duration, bool updated)
    {
        _looks.Record(duration.TotalSeconds);
        if (updated)
        {
            _updates.Add(1);
        }
    }

    internal void Lost(long updates) => _lost.Add(updates);
}
