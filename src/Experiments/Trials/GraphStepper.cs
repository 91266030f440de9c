using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Devices;
using EnergyTTT.Experiments.Gates;
using EnergyTTT.Routing.Gpu;

namespace EnergyTTT.Experiments.Trials;

/// <summary>
/// Steps on a GPU: each arm's step is recorded once as a graph, and replays are queued ahead of the device, so that it never waits for a launch. Without graphs steps are launched operation by
/// operation, and nobody can say what share of time the device waited.
/// </summary>
internal sealed class GraphStepper(CudaQueue queue, TimeProvider time, bool mayRecord) : IStepper
{
    private const int WarmSteps = 4, Group = 16;
    private const double MostLaunching = 0.8;
    private readonly Dictionary<IBatchGate, (TorchGraph Graph, int Version)> _graphs = [];
    private readonly List<nint> _events = [];
    private double _busyMilliseconds, _launchMilliseconds;
    private long _steps;

    /// <summary>Whether steps are replayed.</summary>
    public bool Records => mayRecord && queue.HasGraphs;

    public bool WholeBatches => true;

    /// <summary>Begins to count anew what <see cref="WaitShare"/> looks at.</summary>
    public void Begin() => (_busyMilliseconds, _launchMilliseconds, _steps) = (0, 0, 0);

    /// <summary>
    /// Share of <paramref name="seconds"/> in which the device had nothing to do: all that lies outside runs of steps (loading, reading counts). Null where
    /// steps are not replayed, or where launching took so much of the time that the device may have waited for it. Gaps between kernels of one graph, about a microsecond each, count as work.
    /// </summary>
    public double? WaitShare(double seconds) => !Records || seconds <= 0 || _steps == 0 || _launchMilliseconds > MostLaunching * _busyMilliseconds ? null : Math.Clamp(1 - _busyMilliseconds / (1000 * seconds), 0, 1);

    public void Steps(IBatchGate gate, CachedPass pass, int count, List<double> milliseconds, Action<int> progress)
    {
        var driver = queue.Selector.Driver;
        var graph = Records ? Recorded(gate, pass) : null;

        // Two groups are under way at any time: the device always has the next one.
        var groups = (count + Group - 1) / Group;
        driver.Record(Event(0));
        for (var group = 0; group <= groups; group++)
        {
            if (group < groups)
            {
                var began = time.GetTimestamp();
                for (var step = group * Group; step < Math.Min(count, (group + 1) * Group); step++)
                {
                    if (graph is null)
                    {
                        pass.Step(gate);
                    }
                    else
                    {
                        graph.Replay();
                    }
                }

                driver.Record(Event(group + 1));
                _launchMilliseconds += time.GetElapsedTime(began).TotalMilliseconds;
            }

            if (group > 0)
            {
                driver.Wait(Event(group));
                var done = Math.Min(count, group * Group);
                var taken = driver.Between(Event(group - 1), Event(group));
                _busyMilliseconds += taken;
                milliseconds.Add(taken / (done - (group - 1) * Group));
                progress(done);
            }
        }

        _steps += count;
    }

    public void Dispose()
    {
        foreach (var (graph, _) in _graphs.Values)
        {
            graph.Dispose();
        }

        _graphs.Clear();
    }

    private nint Event(int index)
    {
        while (_events.Count <= index)
        {
            _events.Add(queue.Selector.Driver.CreateEvent());
        }

        return _events[index];
    }

    private TorchGraph Recorded(IBatchGate gate, CachedPass pass)
    {
        var version = ((GpuGate)gate).Version;
        if (_graphs.TryGetValue(gate, out var known) && known.Version == version)
        {
            return known.Graph;
        }

        known.Graph?.Dispose();

        // Libraries allocate and choose on first use, which must not happen while recording.
        var position = pass.Position();
        for (var step = 0; step < WarmSteps; step++)
        {
            pass.Step(gate);
        }

        CudaQueue.Wait();
        var graph = new TorchGraph();
        graph.Record(() => pass.Step(gate));
        pass.Return(position);
        gate.Reset();
        CudaQueue.Wait();
        _graphs[gate] = (graph, version);
        return graph;
    }
}
