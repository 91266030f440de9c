using EnergyTTT.Routing.Feedback;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Learning;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Thermal;
using EnergyTTT.Selection.Selectors;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Routing.Routers;

/// <summary>
/// The router of one layer in one object, for engines written in C#: a selector that answers each call, and a learner that looks at it afterwards. On a fleet the two live in different processes;
/// here they share a thread.
/// </summary>
/// <remarks>Not thread-safe: one router per layer and thread.</remarks>
public sealed class EnergyAwareTttRouter : IDisposable
{
    private readonly MoeConfig _config;
    private readonly KernelCostModel? _kernelCosts;
    private readonly IGpuMonitor? _telemetry;
    private readonly RouterSettings _settings;
    private readonly TimeProvider _clock;
    private readonly Selector _selector;
    private readonly MonitoringOptions _monitoring = new();
    private readonly ThermalForecaster _forecaster = new();
    private readonly ArmTally _control = new(), _treated = new();
    private readonly (int Chunk, int Frequency, double Rate, bool Muon) _ttt;
    private RouterLearner _learner;
    private ThermalScaler _scaler;
    private ThermalScalingOptions _thermal = new();
    private ObjectiveWeights _weights = new();
    private ObservedMetrics? _observed;
    private LossTargets _targets = new();
    private LossComponents? _scoreboard;
    private long _guardTrips, _fallbacks;
    private int _notMeasured;

    /// <summary>A fresh router: until it has learned it answers like the gate itself (and its strategy's batch step).</summary>
    /// <param name="config">The layer.</param>
    /// <param name="kernelCosts">Measured costs; without them, or without a fit, nothing has a price.</param>
    /// <param name="telemetry">The GPU's readings; without them fast weights do not learn.</param>
    /// <param name="tttChunkSize">Tokens that an update looks back on, 2,048 to 1,048,576.</param>
    /// <param name="tttUpdateFrequency">New tokens between updates.</param>
    /// <param name="energyAwareLearningRate">Rate of AdamW; with Muon its own step counts.</param>
    /// <param name="muonEnabled">Muon if true, AdamW if false.</param>
    /// <param name="settings">Everything else.</param>
    /// <exception cref="ArgumentException">A parameter is out of range; the message lists all.</exception>
    /// <exception cref="DllNotFoundException">No libtorch on this machine.</exception>
    public EnergyAwareTttRouter(
        MoeConfig config, KernelCostModel? kernelCosts, IGpuMonitor? telemetry, int tttChunkSize = 2_048, int tttUpdateFrequency = 512, double energyAwareLearningRate = 1e-4, bool muonEnabled = true,
        RouterSettings? settings = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        (_config, _kernelCosts, _telemetry, _settings) = (config, kernelCosts, telemetry, settings ?? new());
        _ttt = (tttChunkSize, tttUpdateFrequency, energyAwareLearningRate, muonEnabled);
        _clock = _settings.Clock ?? TimeProvider.System;
        _selector = new(config.Shape(), _clock);
        _scaler = new(_thermal);
        _learner = NewLearner();
    }

    /// <summary>How much each objective counts. Takes effect with the next call; what was learned stays.</summary>
    public ObjectiveWeights ObjectiveWeights
    {
        get => _weights;
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            value.Normalised();
            _weights = value;
            Renew();
        }
    }

    /// <summary>Temperatures at which the thermal states begin, for cards that report no threshold of their own.</summary>
    public ThermalThresholds ThermalThresholds
    {
        get => _thermal.Thresholds;
        set => (_thermal, _scaler) = (_thermal with { Thresholds = value }, new(_thermal with { Thresholds = value }));
    }

    /// <summary>Thermal scaling of a cool GPU; the urgency is the factor over it. Default 1.</summary>
    public double BaseScaling
    {
        get => _thermal.BaseScaling;
        set
        {
            if (!(value is >= 0.1 and <= 10))
                throw new ArgumentOutOfRangeException(nameof(value), value, "a base scaling of 0.1 to 10 expected");
            (_thermal, _scaler) = (_thermal with { BaseScaling = value }, new(_thermal with { BaseScaling = value }));
        }
    }

    /// <summary>The learning half, for snapshots and exports.</summary>
    public RouterLearner Learner => _learner;

    /// <summary>Chooses experts and weights for every token, then learns from the call.</summary>
    /// <param name="gateLogits">z, <c>[tokens, experts]</c> or <c>[batch, sequence, experts]</c>.</param>
    /// <param name="tokens">Number of tokens; must be that of the logits.</param>
    /// <param name="context">What else is known.</param>
    /// <returns>Indices and weights <c>[tokens, k]</c> or <c>[batch, sequence, k]</c>, and what was done. The choice depends on earlier calls only, never on what this call teaches.</returns>
    /// <exception cref="ArgumentException">Another number of experts or tokens than said, or no token.</exception>
    public RoutingResult Route(GateLogits gateLogits, int tokens, RoutingContext? context = null)
    {
        if (gateLogits.Experts != _config.NumExperts || gateLogits.Tokens != tokens || tokens < 1)
            throw new ArgumentException($"gate logits [{string.Join(", ", gateLogits.Shape)}] hold {gateLogits.Tokens} tokens; {tokens} (1 or more) of {_config.NumExperts} experts expected", nameof(gateLogits));

        var (indices, weights) = (new int[tokens * _config.TopK], new float[tokens * _config.TopK]);
        var selection = _selector.Select(gateLogits.Values.Span, tokens, _learner.Epoch, indices, weights);
        selection = selection with { Counts = selection.Counts.ToArray() }; // The selector uses its counts again.
        _guardTrips += selection.GuardTrips;
        _fallbacks += selection.FellBack ? 1 : 0;

        var (device, thermal, predicted) = Device();
        var outcome = _learner.Observe(Window(gateLogits, tokens, context, selection, device));
        _observed = null;
        return new(indices, weights, [.. gateLogits.Shape.Take(gateLogits.Shape.Count - 1), _config.TopK], new(_settings.Strategy.Name, selection, outcome.Statistics, outcome.Updated, thermal, predicted));
    }

    /// <summary>Compares what was observed with what is wanted. The next call's learning weighs energy and heat by it; it carries no gradient.</summary>
    /// <param name="targets">Default: 200 W, 65 °C, 10 ms, 70 % of memory.</param>
    /// <returns>Every component; null where nothing was observed.</returns>
    /// <exception cref="ArgumentException">A target is not above 0, or an observation is not finite.</exception>
    public LossComponents UpdateEnergyAwareLoss(ObservedMetrics observed, LossTargets? targets = null)
    {
        ArgumentNullException.ThrowIfNull(observed);
        var wanted = targets ?? _targets;
        _scoreboard = Scoreboard.Score(observed, wanted, _weights);
        if (wanted != _targets)
        {
            _targets = wanted;
            Renew();
        }

        _observed = observed;
        return _scoreboard;
    }

    /// <summary>Takes the joules of a block of steps, steered or not, so that the statistics can compare.</summary>
    /// <param name="treated">Whether this router steered.</param>
    /// <param name="tokens">Tokens completed, 1 or more.</param>
    /// <param name="joules">Joules of the block, above 0.</param>
    /// <param name="seconds">Its length, above 0.</param>
    /// <param name="origin">Where the joules come from. Simulated and modelled ones are counted as not measured, and nothing else.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not above 0 or not finite.</exception>
    public void RecordBlock(bool treated, long tokens, double joules, double seconds, Origin origin)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tokens, 1);
        if (!(joules > 0 && double.IsFinite(joules)))
            throw new ArgumentOutOfRangeException(nameof(joules), joules, "joules above 0 expected; leave out a block whose counter was reset");
        if (!(seconds > 0 && double.IsFinite(seconds)))
            throw new ArgumentOutOfRangeException(nameof(seconds), seconds, "seconds above 0 expected");
        if (origin is Origin.Measured or Origin.Replayed)
            (treated ? _treated : _control).Add(tokens, joules, seconds);
        else
            _notMeasured++;
    }

    /// <summary>Where the router stands.</summary>
    public RouterStatistics GetStatistics()
    {
        var learner = _learner.Statistics;
        var (rest, now) = (learner.LossAtRest, learner.Loss);
        var (control, treated) = (_control.Read(), _treated.Read());
        var readings = _telemetry?.CurrentStatistics;
        return new()
        {
            Strategy = _settings.Strategy.Name,
            TttUpdateCount = learner.UpdateCount,
            TokensSeen = learner.TokensSeen,
            TokensSinceUpdate = learner.TokensSinceUpdate,
            Chunk = learner.TokensSeen / _ttt.Chunk,
            LossChange = new(
                now.Energy - rest.Energy, now.Thermal - rest.Thermal, now.Performance - rest.Performance, now.Memory - rest.Memory, now.LoadBalance - rest.LoadBalance, now.Divergence - rest.Divergence),
            Spread = learner.Spread,
            Gamma = learner.Gamma,
            Lambda = learner.Lambda,
            Eta = learner.Eta,
            GuardTrips = _guardTrips,
            FallbackCount = _fallbacks,
            Rollbacks = learner.Rollbacks,
            Control = control,
            Treated = treated,
            AverageEnergySavingsWatts = control.Watts - treated.Watts,
            BlocksNotMeasured = _notMeasured,
            Scoreboard = _scoreboard,
            CalibrationId = learner.CalibrationId,
            TelemetrySource = readings?.Origin,
            Health = readings is null ? null : HealthScore.Of(readings, _monitoring),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _learner.Dispose();

    private LearningWindow Window(GateLogits logits, int tokens, RoutingContext? context, SelectionStatistics selection, DeviceReading? device) => new()
    {
        Time = _clock.GetUtcNow(),
        Tokens = tokens,
        ExpertCounts = Array.ConvertAll(selection.Counts.ToArray(), count => (long)count),
        GateLogits = Rows(logits, tokens),
        Phase = context?.Phase ?? EnginePhase.Decode,
        Context = context is null ? null : ContextStatistics.Of(context.Gradients, context.Activations, context.Loss),
        Devices = device is null ? [] : [device],
        JoulesPerToken = context?.JoulesPerToken,
        LatencyMilliseconds = context?.LatencyMilliseconds,
        Observed = _observed,
    };

    /// <summary>All rows of a small call; of a large one as many as the settings say, evenly spread.</summary>
    private ReadOnlyMemory<float> Rows(GateLogits logits, int tokens)
    {
        if (tokens <= _settings.SampleRowsPerCall)
            return logits.Values;
        var (experts, rows) = (_config.NumExperts, _settings.SampleRowsPerCall);
        var sample = new float[rows * experts];
        for (var row = 0; row < rows; row++)
            logits.Values.Span.Slice((int)((long)row * tokens / rows) * experts, experts).CopyTo(sample.AsSpan(row * experts));
        return sample;
    }

    private (DeviceReading? Device, ThermalScale? Thermal, double? Predicted) Device()
    {
        if (_telemetry?.CurrentStatistics is not { } readings)
            return (null, null, null);
        if (readings is { PowerWatts: { } power, TemperatureCelsius: { } celsius })
            _forecaster.Observe(readings.Time.ToUnixTimeMilliseconds() / 1000.0, power, celsius);
        var (scale, forecast) = (_scaler.Observe(readings), _forecaster.Hold(30)?.Celsius);
        return (new(readings, forecast, scale.Urgency), scale, forecast);
    }

    private RouterLearner NewLearner()
    {
        var options = _settings.Options(_config, _kernelCosts);
        return new(
            options with
            {
                ChunkSize = _ttt.Chunk,
                UpdateFrequency = _ttt.Frequency,
                Weights = _weights,
                Targets = _targets,
                FastWeights = new() { Seed = _settings.Seed, MuonEnabled = _ttt.Muon, AdamRate = _ttt.Rate },
            },
            _clock);
    }

    /// <summary>The same learner with other weights or targets: what it has learned is carried over.</summary>
    private void Renew()
    {
        var state = _learner.Snapshot();
        var renewed = NewLearner();
        renewed.Restore(state);
        _learner.Dispose();
        _learner = renewed;
    }
}
