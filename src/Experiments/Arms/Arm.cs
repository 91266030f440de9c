using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Runs;
using EnergyTTT.Routing.Feedback;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Arms;

/// <summary>An arm at work: its gate, its learners (one a layer), and what its sequences have lost so far. Learning goes on from trial to trial, as it would in production.</summary>
internal sealed class Arm : IDisposable
{
    private readonly RouterLearner[] _learners;
    private readonly EnginePhase _phase;
    private Task<SelectionEpoch[]>? _thinking;

    /// <summary>Puts the first epochs in force.</summary>
    public Arm(ArmPlan plan, IBatchGate gate, ExperimentSettings settings, SelectorShape shape, ExpertCosts? costs, int layers, int sequences)
    {
        (Plan, Gate, Layers, Losses, Decoded, _phase) = (plan, gate, layers, new double[sequences], new long[sequences], settings.Phase == InferencePhase.Prefill ? EnginePhase.Prefill : EnginePhase.Decode);
        var weakest = settings.OnCuda ? Origin.Replayed : Origin.Modelled; // Without a GPU nothing is measured: what is modelled may teach, and the run says so.
        _learners = [.. Enumerable.Range(0, layers).Select(layer => new RouterLearner(settings.Learning.Of(plan, shape, costs, layer, weakest)))];
        for (var layer = 0; layer < layers; layer++)
        {
            gate.Apply(layer, _learners[layer].Epoch);
        }
    }

    /// <summary>The plan.</summary>
    public ArmPlan Plan { get; }

    /// <summary>The gate.</summary>
    public IBatchGate Gate { get; }

    /// <summary>Layers, each with a learner of its own.</summary>
    public int Layers { get; }

    /// <summary>Joules per token of the last measured window, until a learner was told; null without.</summary>
    public double? LastJoulesPerToken { get; set; }

    /// <summary>Whether anything of it can change while it runs.</summary>
    public bool Learns => Plan.Strategy.HasBias;

    /// <summary>Sum of losses of each sequence of the pool, nats.</summary>
    public double[] Losses { get; }

    /// <summary>Tokens decoded of each sequence of the pool.</summary>
    public long[] Decoded { get; }

    /// <summary>Updates of fast weights so far, all layers.</summary>
    public long Updates => _learners.Sum(learner => learner.Statistics.UpdateCount);

    /// <summary>Why fast weights did not move when it was last their turn; null when they did, and for arms without.</summary>
    public string? UpdateRefusal => Plan.Strategy.UsesFastWeights && Updates == 0 ? _learners.Select(learner => learner.Statistics.UpdateRefusal).FirstOrDefault(reason => reason is not null) ?? "no chunk was full" : null;

    /// <summary>Joules that learning took on the host so far, by the learner's own account.</summary>
    public double OwnJoules => _learners.Sum(learner => learner.Statistics.OwnJoules);

    /// <summary>Greatest spread of a bias in force, logits.</summary>
    public double Spread => _learners.Max(learner => learner.Statistics.Spread);

    /// <summary>Greatest length of a fast term in force.</summary>
    public double Gamma => _learners.Max(learner => learner.Statistics.Gamma);

    /// <summary>The bias in force of each layer <c>[layers][experts]</c>.</summary>
    public float[][] Biases => [.. _learners.Select(learner => learner.Epoch.Bias.ToArray())];

    /// <summary>Tells the learners what the gates saw since the last time, and puts their epochs in force.</summary>
    /// <param name="time">The end of the window.</param>
    /// <param name="tokens">Tokens of the window; 0 does nothing.</param>
    /// <param name="batch">Tokens of a step.</param>
    /// <param name="device">Latest readings of the device; null without.</param>
    public void Learn(DateTimeOffset time, int tokens, int batch, GpuStatistics? device)
    {
        if (tokens > 0 && Learns)
        {
            Apply(Observe(Windows(time, tokens, batch, device)));
        }
    }

    /// <summary>As <see cref="Learn"/>, but the learners think while decoding goes on: their epochs come into force at a later call. A window that ends while they still think is not told.</summary>
    public void LearnBeside(DateTimeOffset time, int tokens, int batch, GpuStatistics? device)
    {
        if (tokens > 0 && Learns && Settle(wait: false))
        {
            var windows = Windows(time, tokens, batch, device);
            _thinking = Task.Run(() => Observe(windows));
        }
    }

    /// <summary>Puts epochs in force that learners have come to since <see cref="LearnBeside"/>.</summary>
    /// <param name="wait">Whether to wait for them.</param>
    /// <returns>Whether nobody thinks any more.</returns>
    public bool Settle(bool wait)
    {
        if (_thinking is { } thinking && (wait || thinking.IsCompleted))
        {
            Apply(thinking.GetAwaiter().GetResult());
            _thinking = null;
        }

        return _thinking is null;
    }

    private LearningWindow[] Windows(DateTimeOffset time, int tokens, int batch, GpuStatistics? device)
    {
        var windows = new LearningWindow[_learners.Length];
        for (var layer = 0; layer < windows.Length; layer++)
        {
            var (counts, logits) = Gate.Observed(layer);
            windows[layer] = new()
            {
                Time = time, Tokens = tokens, BatchTokens = batch, ExpertCounts = counts, GateLogits = logits, Phase = _phase, Devices = device is null ? [] : [new DeviceReading(device)],
                JoulesPerToken = LastJoulesPerToken,
            };
        }

        LastJoulesPerToken = null;
        return windows;
    }

    private SelectionEpoch[] Observe(LearningWindow[] windows) => [.. windows.Select((window, layer) => _learners[layer].Observe(window).Epoch)];

    private void Apply(SelectionEpoch[] epochs)
    {
        for (var layer = 0; layer < epochs.Length; layer++)
        {
            Gate.Apply(layer, epochs[layer]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Settle(wait: true);
        foreach (var learner in _learners)
        {
            learner.Dispose();
        }

        Gate.Dispose();
    }
}
