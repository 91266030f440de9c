using EnergyTTT.Contracts.Routers;
using EnergyTTT.Grains.Deployments;
using EnergyTTT.Routing.Feedback;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Grains.Routers;

/// <summary>
/// Chunks that wait for the next look of the learner, summed into one window. Whatever the rate of feedback, the learner looks once a beat, so
/// that its cost is bounded by the number of routers and not by the traffic.
/// </summary>
internal sealed class PendingWindow(int experts, int greatestRows)
{
    private readonly long[] _counts = new long[experts];
    private readonly double[] _probability = new double[experts];
    private readonly List<float> _gates = [];
    private long _tokens;
    private double _steps;
    private double _latency;
    private double _latencySteps;
    private double _joules;
    private long _jouleTokens;
    private double _loss;
    private long _lossTokens;
    private long _prefill;

    /// <summary>Whether there is nothing to look at.</summary>
    public bool IsEmpty => _tokens == 0;

    /// <summary>Adds a checked chunk.</summary>
    public void Add(RouterChunk chunk)
    {
        var layer = chunk.Layer;
        for (var expert = 0; expert < experts; expert++)
        {
            _counts[expert] += layer.ExpertCounts[expert];
            _probability[expert] += layer.MeanGateProbability[expert] * (double)chunk.Tokens;
        }

        if (layer.GateSample is { } sample && _gates.Count < greatestRows * experts)
        {
            _gates.AddRange(GateSamples.Read(sample));
        }

        _tokens += chunk.Tokens;
        _steps += chunk.Tokens / chunk.BatchTokens;
        _prefill += chunk.Phase == InferencePhase.Prefill ? chunk.Tokens : 0;
        if (chunk.LatencyMs is { } latency)
        {
            _latency += latency * (chunk.Tokens / chunk.BatchTokens);
            _latencySteps += chunk.Tokens / chunk.BatchTokens;
        }

        // The objective is that of this router: what ran unsteered says nothing about it.
        if (chunk.EnergyJoules is { } joules && chunk.Arm == SteeringArm.Treated)
        {
            _joules += joules;
            _jouleTokens += chunk.Tokens;
        }

        if (chunk.Loss is { } loss)
        {
            _loss += loss * chunk.Tokens;
            _lossTokens += chunk.Tokens;
        }
    }

    /// <summary>The window of everything that waited; nothing waits afterwards.</summary>
    public LearningWindow Take(DateTimeOffset time, IReadOnlyList<DeviceReading> devices)
    {
        var window = new LearningWindow
        {
            Time = time,
            Tokens = (int)Math.Min(_tokens, int.MaxValue),
            BatchTokens = (int)Math.Clamp(Math.Round(_tokens / _steps), 1, int.MaxValue),
            ExpertCounts = (long[])_counts.Clone(),
            GateLogits = _gates.ToArray(),
            MeanGateProbability = Array.ConvertAll(_probability, sum => (float)(sum / _tokens)),
            Phase = 2 * _prefill > _tokens ? EnginePhase.Prefill : EnginePhase.Decode,
            Context = _lossTokens > 0 ? ContextStatistics.Of(null, null, _loss / _lossTokens) : null,
            Devices = devices,
            JoulesPerToken = _jouleTokens > 0 ? _joules / _jouleTokens : null,
            LatencyMilliseconds = _latencySteps > 0 ? _latency / _latencySteps : null,
        };
        Array.Clear(_counts);
        Array.Clear(_probability);
        _gates.Clear();
        (_tokens, _steps, _latency, _latencySteps, _joules, _jouleTokens, _loss, _lossTokens, _prefill) = (0, 0, 0, 0, 0, 0, 0, 0, 0);
        return window;
    }
}
