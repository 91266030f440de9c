using EnergyTTT.Routing.Biases;
using EnergyTTT.Routing.FastWeights;
using EnergyTTT.Routing.Feedback;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Routing.Usage;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Routing.Learning;

/// <summary>
/// The learning half of a router of one layer: takes what an engine reports about a window and answers the epoch that its selector applies from then on. Apply, then update: the fast weights that
/// speak in an epoch have learned from earlier chunks only.
/// </summary>
/// <remarks>Not thread-safe. Time comes with the windows; the clock given is only a stopwatch for the learner's own cost. Source: router specification 3.2 to 3.7.</remarks>
public sealed class RouterLearner : IDisposable
{
    /// <summary>Rows of the buffer that lambda and gamma are searched on; more would not change them by more than their own noise.</summary>
    public const int SearchRows = 1_024;

    private LearningOptions _options;
    private Strategy _strategy;
    private PriorityBounds _bounds;
    private readonly TimeProvider _stopwatch;
    private readonly int _experts, _devices;
    private BatchStep _batchStep;
    private readonly FastWeightNetwork? _network;
    private readonly FastWeightState? _initial;
    private readonly FeatureExtractor _extractor;
    private readonly UsageHistory _usage;
    private readonly Queue<long[]> _counts = new();
    private readonly LoadBalancer? _balancer;
    private readonly DualAscent _ascent = new();
    private readonly ChunkBuffer _buffer;
    private UpdateTrigger _trigger;
    private readonly RollbackGuard _rollback = new();
    private readonly GateSample _window, _search, _step;
    private readonly double[] _priceBias;
    private float[] _bias;
    private double? _scoreScale;
    private long _epochNumber;
    private bool _rolledBack;
    private LearnerStatistics _statistics;

    /// <summary>A fresh learner: its first epoch is the baseline with the strategy's batch step.</summary>
    /// <param name="stopwatch">Measures the learner's own time; the system's when left out.</param>
    /// <exception cref="ArgumentException">An option is out of range; the message lists all.</exception>
    /// <exception cref="DllNotFoundException">The strategy uses fast weights and there is no libtorch.</exception>
    public RouterLearner(LearningOptions options, TimeProvider? stopwatch = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        _options = options;
        _strategy = options.Strategy;
        _stopwatch = stopwatch ?? TimeProvider.System;
        _experts = options.Shape.Experts;
        _devices = options.Devices.Length == 0 ? 1 : options.Devices.Max() + 1;
        _bounds = BoundsOf(options);
        _batchStep = options.BatchAware ? _strategy.BatchStep : BatchStep.None;
        if (_strategy.UsesFastWeights)
        {
            _network = new(new(_experts, options.Feedback.Dimension, options.HiddenUnits), options.FastWeights);
            _initial = _network.Snapshot();
        }

        _extractor = new(_experts, options.Feedback);
        _usage = new(_experts, options.Usage);
        _balancer = _strategy.Balance switch
        {
            BalanceRule.None => null,
            BalanceRule.Devices => new(_devices, options.Usage),
            BalanceRule.Uniform => new(_experts, options.Usage with { Deadband = 0, Leak = 1 }),
            _ => new(_experts, options.Usage),
        };
        _buffer = new(_experts, options.Feedback.Dimension, options.SampleRows, (ulong)(uint)options.FastWeights.Seed);
        _trigger = new(options.ChunkSize, options.UpdateFrequency, options.UpdateInterval);
        (_window, _search, _step) = (new(_experts), new(_experts), new(_experts));
        (_priceBias, _bias) = (new double[_experts], new float[_experts]);
        _statistics = new() { CalibrationId = options.Costs?.CalibrationId ?? "", Urgency = 1 };
        Epoch = NewEpoch([], DateTimeOffset.MaxValue);
    }

    /// <summary>What the learner works by.</summary>
    public LearningOptions Options => _options;

    /// <summary>The epoch in force.</summary>
    public SelectionEpoch Epoch { get; private set; }

    /// <summary>Where the learner stands.</summary>
    public LearnerStatistics Statistics => _statistics;

    /// <summary>Takes a window.</summary>
    /// <exception cref="ArgumentException">Lengths that do not fit the layer, or no tokens; nothing has changed then.</exception>
    public LearningOutcome Observe(LearningWindow window)
    {
        ArgumentNullException.ThrowIfNull(window);
        Check(window);
        var due = _trigger.Observe(window.Tokens, window.Time);
        _rollback.Observe(window.JoulesPerToken);
        if (_usage.Record(window.ExpertCounts.Span))
            Remember(window.ExpertCounts.ToArray());
        var heat = WindowHeat.Of(window, _options, _devices);
        double[] expertHeat = [.. Enumerable.Range(0, _experts).Select(e => heat.DevicePrices[Device(e)])];
        var prices = WindowPrices.Of(_options.Costs, _usage, expertHeat, _options.Shape.TopK, BatchTokens(window), ObservedTokens(),
            _batchStep.Kind != BatchStepKind.None, _options.Prices);
        var sawGates = FillWindowSample(window);
        var features = Features(window, prices);
        _buffer.Add(_window, features, _trigger.TokensSeen);
        _buffer.Expire(_trigger.TokensSeen - _options.ChunkSize);
        _buffer.CopyTo(_search, SearchRows);
        if (window.Observed is { } observed)
        {
            var scoreboard = Scoreboard.Score(observed, _options.Targets, _options.Weights);
            _ascent.Update(scoreboard);
            _statistics = _statistics with { Scoreboard = scoreboard };
        }

        // Apply.
        var demand = new double[_experts];
        var indifference = Indifference(demand);
        var lambda = PriceIsBias || _strategy.Balance is BalanceRule.Prices or BalanceRule.Trend
            ? ExactTilt.Solve(_search, prices.Effective, _bounds.Divergence * heat.Urgency, _bounds.Spread) : 0;
        var loss = Loss(prices, expertHeat, heat, lambda);
        var sum = SlowTerms(window, prices, heat, lambda, demand);
        var gamma = AddFastTerm(loss, sum, features);
        var before = _bias;
        _bias = new float[_experts];
        if (_strategy.HasBias)
            BiasAssembly.Step(before, sum, _bounds.Spread, _options.BiasStep, _bias);
        var isNew = !_bias.AsSpan().SequenceEqual(before);
        _epochNumber += isNew ? 1 : 0;
        Epoch = NewEpoch(prices.ActivationJoules, window.Time + _options.EpochLife);

        // Then update.
        var scale = indifference * heat.Urgency * heat.Validity;
        _rolledBack = false;
        var updated = due && _network is not null && UpdateWeights(loss, scale, window);
        AccountFor(window.SavedJoules);
        double[] bias = [.. _bias.Select(b => (double)b)];
        _statistics = _statistics with
        {
            UpdateCount = _statistics.UpdateCount + (updated ? 1 : 0), TokensSeen = _trigger.TokensSeen, TokensSinceUpdate = _trigger.TokensSinceUpdate, Windows = _statistics.Windows + 1,
            LossAtRest = loss.Evaluate(_search, new double[_experts]), Loss = loss.Evaluate(_search, bias), Spread = BiasAssembly.Spread(Epoch.Bias.AsSpan()), Gamma = _rolledBack ? 0 : gamma, Lambda = lambda,
            Eta = scale, Indifference = indifference, Validity = heat.Validity, Urgency = heat.Urgency, Prices = prices.Status, SawGates = sawGates, EnergyMultiplier = _ascent.Energy,
            ThermalMultiplier = _ascent.Thermal,
        };
        var proposal = _strategy.ProposesPlacement && _devices > 1 ? Proposal(heat) : null;
        return new(Epoch, isNew, updated, proposal, _statistics);
    }

    /// <summary>
    /// Goes on under other options and keeps everything that was learned, if only weights, targets, bounds, the chunk and its rhythm, the life of epochs or the policy's version differ: the epoch in
    /// force is at once within the new bounds. Costs microseconds, where a new learner costs milliseconds and its memory.
    /// </summary>
    /// <returns>Whether it goes on; if not, nothing has changed and a new learner is needed.</returns>
    /// <exception cref="ArgumentException">An option is out of range; the message lists all.</exception>
    public bool Follow(LearningOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Check();
        var alike = options with
        {
            Strategy = _options.Strategy, ChunkSize = _options.ChunkSize, UpdateFrequency = _options.UpdateFrequency, UpdateInterval = _options.UpdateInterval, Spread = _options.Spread,
            Divergence = _options.Divergence, GuardBound = _options.GuardBound, EpochLife = _options.EpochLife, PolicyVersion = _options.PolicyVersion, Weights = _options.Weights, Targets = _options.Targets,
            Devices = _options.Devices, Costs = _options.Costs,
        };
        if (alike != _options || options.Strategy with { BatchStep = _strategy.BatchStep } != _strategy || options.Strategy.BatchStep.Kind != _strategy.BatchStep.Kind
            || options.Costs?.CalibrationId != _options.Costs?.CalibrationId || !options.Devices.AsSpan().SequenceEqual(_options.Devices))
            return false;
        var before = _trigger;
        (_options, _strategy, _bounds) = (options, options.Strategy, BoundsOf(options));
        _batchStep = options.BatchAware ? _strategy.BatchStep : BatchStep.None;
        _trigger = new(options.ChunkSize, options.UpdateFrequency, options.UpdateInterval);
        _trigger.Restore(before.TokensSeen, before.FirstToken, before.TokensSinceUpdate, before.LastUpdate);
        if (BiasAssembly.Spread(_bias) is var spread && spread > _bounds.Spread)
        {
            // Its sum stays 0.
            _bias = Array.ConvertAll(_bias, b => (float)(b * _bounds.Spread / spread));
            _epochNumber++;
        }

        Epoch = NewEpoch(Epoch.Prices.AsSpan(), Epoch.ExpiresAt ?? DateTimeOffset.MaxValue);
        return true;
    }

    /// <summary>A copy of everything.</summary>
    public LearnerState Snapshot()
    {
        var (objective, windows, last, increases, promoted) = _rollback.Snapshot();
        return new(
            _network?.Snapshot(), _buffer.Snapshot(), _extractor.Standardiser.Snapshot(), _balancer?.Snapshot() ?? [], [.. _counts], [.. _priceBias], [.. _bias], _epochNumber, _scoreScale,
            _trigger.TokensSinceUpdate, _trigger.LastUpdate, objective, windows, last, increases, promoted, _statistics, _trigger.FirstToken);
    }

    /// <summary>Takes over a snapshot of a learner with the same options: the next window goes as if it had never stopped.</summary>
    /// <exception cref="ArgumentException">The snapshot is of another layer or has a fault; the weights are checked first and nothing changes then.</exception>
    public void Restore(LearnerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Bias.Length != _experts || state.PriceBias.Length != _experts || state.Balance.Length != (_balancer?.Bias.Length ?? 0) || state.UsageCounts.Any(c => c.Length != _experts))
            throw new ArgumentException($"the snapshot is not of a layer of {_experts} experts under {_strategy.Name}", nameof(state));
        if (state.Weights is null != _network is null)
            throw new ArgumentException($"the snapshot {(state.Weights is null ? "has no" : "has")} fast weights, {_strategy.Name} is the other way round", nameof(state));
        if (state.Weights is { } weights)
            Network().Restore(weights);
        _extractor.Standardiser.Restore(state.Standardiser);
        _balancer?.Restore(state.Balance);
        _buffer.Restore(state.Buffer);
        _usage.Clear();
        _counts.Clear();
        foreach (var counts in state.UsageCounts)
        {
            _usage.Record(counts);
            Remember(counts);
        }

        state.PriceBias.CopyTo(_priceBias, 0);
        _bias = [.. state.Bias];
        (_epochNumber, _scoreScale, _statistics) = (state.EpochNumber, state.ScoreScale, state.Statistics);
        _ascent.Restore(state.Statistics.EnergyMultiplier, state.Statistics.ThermalMultiplier);
        _trigger.Restore(state.Statistics.TokensSeen, state.FirstToken, state.TokensSinceUpdate, state.LastUpdate);
        _rollback.Restore((state.ObjectiveSum, state.ObjectiveWindows, state.LastObjective, state.ObjectiveIncreases, state.Promoted));
        Epoch = NewEpoch([], DateTimeOffset.MaxValue);
    }

    /// <summary>The fast weights as a blob, and the sidecar that belongs to it.</summary>
    /// <exception cref="InvalidOperationException">The strategy has no fast weights.</exception>
    public (byte[] Blob, FastWeightSidecar Sidecar) Export(string routerId, string modelRevision, uint layer, string? parentDigest = null)
    {
        var blob = FastWeightBlob.Write(Network().Snapshot(), layer, _epochNumber);
        var standardiser = _extractor.Standardiser.Snapshot();
        var features = standardiser.Length / 3;
        return (blob, new(
            routerId, modelRevision, _extractor.Projection.Seed, _extractor.Projection.Digest, standardiser[..features], standardiser[features..(2 * features)], _statistics.Gamma,
            _statistics.Lambda, _balancer?.Snapshot() ?? [], _trigger.TokensSeen, parentDigest, FastWeightSidecar.Digest(blob))
        {
            UpdateCount = _statistics.UpdateCount,
        });
    }

    /// <summary>Takes over exported weights, or says why not; on refusal nothing has changed and the learner is as neutral as it was.</summary>
    /// <returns><see langword="null"/> when taken over, else the reason.</returns>
    public string? Import(ReadOnlySpan<byte> blob, FastWeightSidecar sidecar, string modelRevision)
    {
        ArgumentNullException.ThrowIfNull(sidecar);
        var network = Network();
        var features = _extractor.Standardiser.Features;
        if (!sidecar.BelongsTo(blob))
            return "the sidecar belongs to another blob";
        if (sidecar.ModelRevision != modelRevision)
            return $"the weights are of model revision '{sidecar.ModelRevision}', this is '{modelRevision}'";
        if (sidecar.ProjectionDigest != _extractor.Projection.Digest)
            return "the features are projected differently: another seed, size or number of experts";
        if (sidecar.StandardiserMean.Length != features || sidecar.StandardiserVariance.Length != features || sidecar.IntegralBias.Length != (_balancer?.Bias.Length ?? 0)
            || sidecar.StandardiserMean.Concat(sidecar.IntegralBias).Any(v => !double.IsFinite(v)) || sidecar.StandardiserVariance.Any(v => !(double.IsFinite(v) && v >= 0)))
            return "a list of the sidecar has another length, or a number that is not finite";
        var reading = FastWeightBlob.Read(blob, network.Shape);
        if (reading.State is not { } state)
            return reading.Detail;
        if (state.Optimiser != network.Optimiser)
            state = state with { Momentum = null, SecondMoments = null };

        network.Restore(state);
        _rollback.Begin(state);
        if (_trigger.TokensSeen == 0)
            _trigger.Continue(sidecar.TokensSeen);
        // A running mean that has settled weighs 1 / (1 - decay) rows.
        double[] weights = [.. Enumerable.Repeat(1 / (1 - _options.Feedback.Decay), features)];
        _extractor.Standardiser.Restore([.. sidecar.StandardiserMean, .. sidecar.StandardiserVariance, .. weights]);
        _balancer?.Restore(sidecar.IntegralBias);
        _statistics = _statistics with { Gamma = 0, UpdateCount = sidecar.UpdateCount ?? state.Step, TokensSeen = _trigger.TokensSeen };
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _network?.Dispose();

    private static PriorityBounds BoundsOf(LearningOptions options)
    {
        var own = new PriorityBounds(options.Spread, options.Divergence, options.GuardBound);
        return options.Strategy.UsesPriorities ? own.For(options.Priority) : own;
    }

    private void Check(LearningWindow window)
    {
        List<string> wrong = [];
        if (window.Tokens < 1)
            wrong.Add($"a window of {window.Tokens} tokens: 1 or more expected");
        if (window.BatchTokens < 0)
            wrong.Add($"a batch of {window.BatchTokens} tokens: 0 (all) or more expected");
        if (window.ExpertCounts.Length != _experts)
            wrong.Add($"{window.ExpertCounts.Length} counts for {_experts} experts");
        if (window.GateLogits.Length % _experts != 0)
            wrong.Add($"{window.GateLogits.Length} gate logits are no whole number of rows of {_experts} experts");
        if (window.MeanGateProbability.Length is not 0 && window.MeanGateProbability.Length != _experts)
            wrong.Add($"{window.MeanGateProbability.Length} mean gate probabilities for {_experts} experts");
        foreach (var count in window.ExpertCounts.Span)
        {
            if (count < 0)
            {
                wrong.Add($"a count of {count}: 0 or more expected");
                break;
            }
        }

        if (wrong.Count > 0)
            throw new ArgumentException(string.Join("; ", wrong), nameof(window));
    }

    private bool FillWindowSample(LearningWindow window)
    {
        _window.Clear();
        _window.Add(window.GateLogits.Span, _options.Shape.Gate);
        var sawGates = _window.Count > 0;
        if (!sawGates)
        {
            var mean = window.MeanGateProbability.Span;
            Span<float> logs = new float[mean.Length];
            for (var e = 0; e < mean.Length; e++)
                logs[e] = mean[e] > 0 ? MathF.Log(mean[e]) : float.NegativeInfinity;
            _window.Add(logs);
        }

        if (_options.Shape.BiasSpace != BiasSpace.Logit && sawGates)
        {
            var score = ScoreScale.Of(window.GateLogits.Span, _options.Shape);
            _scoreScale = _scoreScale is { } known ? (0.9 * known) + (0.1 * score) : score;
        }

        return sawGates;
    }

    private float[] Features(LearningWindow window, WindowPrices prices)
    {
        var features = new float[_extractor.Dimension];
        Span<float> mean = window.MeanGateProbability.IsEmpty && _window.Count > 0 ? MeanOf(_window) : window.MeanGateProbability.ToArray();
        var device = window.Devices.Count > 0 ? window.Devices[0] : null;
        var telemetry = device?.Statistics is { } statistics ? TelemetryFeatures.Of(statistics) : default;
        _extractor.Extract(
            new StepFeedback
            {
                ExpertCounts = window.ExpertCounts.Span, MeanGateProbability = mean, MarginalJoules = prices.MarginalJoules, Context = window.Context, Phase = window.Phase,
                Telemetry = telemetry with
                {
                    ForecastRiseCelsius = device?.ForecastCelsius - device?.Statistics?.TemperatureCelsius, Urgency = device?.Urgency,
                    LogJoulesPerToken = window.JoulesPerToken is > 0 and var joules ? Math.Log(joules) : null,
                    LogLatencyMilliseconds = window.LatencyMilliseconds is > 0 and var latency ? Math.Log(latency) : null,
                },
            },
            features);
        return features;
    }

    private static float[] MeanOf(GateSample sample)
    {
        var mean = new double[sample.Experts];
        Tilt.Mean(sample.Rows, new double[sample.Experts], mean);
        return [.. mean.Select(p => (float)p)];
    }

    private double Indifference(double[] demand)
    {
        var movable = 0;
        for (var row = 0; row < _search.Count; row++)
        {
            var (inside, outside) = GateMargins.Edge(_search.Row(row), _options.Shape.TopK, demand);
            movable += GateMargins.Gap(inside, outside) < _bounds.Spread ? 1 : 0;
        }

        return _search.Count == 0 ? 0 : (double)movable / _search.Count;
    }

    /// <summary>Whether prices act through the bias. A priced batch step does it better, with the real batch in view.</summary>
    private bool PriceIsBias => _strategy.UsesPrices && !_batchStep.IsPriced;

    private LossModel Loss(WindowPrices prices, double[] expertHeat, WindowHeat heat, double lambda)
    {
        var weights = _ascent.Apply(_options.Weights);
        return new(new()
        {
            // What the batch step prices already is no business of the bias (docs/decisions/0063).
            Prices = _batchStep.IsPriced ? new double[_experts] : prices.Plain, Heat = _batchStep.IsPriced ? [] : expertHeat,
            Time = prices.Time.Any(t => t > 0) && (_devices > 1 || !_batchStep.IsPriced) ? prices.Time : [], Devices = _options.Devices, DeviceTargets = heat.Targets, Weights = weights,
            // The multiplier of the constraint on KL: with it b = -lambda cbar is where the price term rests, and the fast term cannot spend the same budget twice.
            Divergence = lambda > 0 ? Math.Max(1, weights.Energy / lambda) : 1,
        });
    }

    /// <summary>b_price + b_int.</summary>
    private double[] SlowTerms(LearningWindow window, WindowPrices prices, WindowHeat heat, double lambda, double[] demand)
    {
        var sum = new double[_experts];
        for (var e = 0; e < _experts && PriceIsBias; e++)
        {
            // EMA .5.
            _priceBias[e] = (0.5 * _priceBias[e]) - (0.5 * lambda * prices.Effective[e]);
            sum[e] = _priceBias[e];
        }

        if (_balancer is null || _usage.Count == 0)
            return sum;
        Balance(window, prices, heat, lambda, demand);
        for (var e = 0; e < _experts; e++)
            sum[e] += _strategy.Balance == BalanceRule.Devices ? _balancer.Bias[Device(e)] : _balancer.Bias[e];
        return sum;
    }

    private void Balance(LearningWindow window, WindowPrices prices, WindowHeat heat, double lambda, double[] demand)
    {
        var (load, target) = (new double[_experts], new double[_experts]);
        _usage.Window(0).CopyTo(load);
        switch (_strategy.Balance)
        {
            case BalanceRule.Devices when _devices > 1:
                var devices = new double[_devices];
                for (var e = 0; e < _experts; e++)
                    devices[Device(e)] += load[e];
                _balancer!.Update(devices, heat.Targets); // The caller has checked that there is one.
                return;
            case BalanceRule.Uniform:
                LoadTargets.Uniform(target);
                break;
            case BalanceRule.Prices or BalanceRule.Trend when prices.Status == PriceStatus.Priced && demand.Sum() > 0:
                if (_strategy.Balance == BalanceRule.Trend)
                    UsageForecast.Linear(_usage, 5, load);
                LoadTargets.FromPrices(demand, prices.Effective, lambda, target);
                break;
            default:
                return; // Nothing to pull to.
        }

        _balancer!.Update(load, target); // The caller has checked that there is one.
    }

    /// <summary>Adds gamma f to the sum and returns gamma; f is centred and scaled to a largest entry of 1, so that gamma is in logits.</summary>
    private double AddFastTerm(LossModel loss, double[] sum, float[] features)
    {
        if (_network is null || _statistics.FastWeightsOff || _statistics.UpdateCount == 0)
            return 0;
        var f = new float[_experts];
        _network.Apply(features, f);
        var mean = f.Average();
        var largest = f.Max(value => Math.Abs(value - mean));
        if (!(largest > 1e-12f) || !float.IsFinite(largest))
            return 0;
        for (var e = 0; e < _experts; e++)
            f[e] = (f[e] - mean) / largest;

        var gamma = FastTerm.Length(loss, _search, sum, f, _statistics.Gamma, _bounds.Spread / 2);
        for (var e = 0; e < _experts; e++)
            sum[e] += gamma * f[e];
        return gamma;
    }

    private bool UpdateWeights(LossModel loss, double scale, LearningWindow window)
    {
        var started = _stopwatch.GetTimestamp();
        _trigger.Updated(window.Time);
        var network = Network();
        var applied = false;
        if (_rollback.Close(network.Snapshot))
        {
            network.Restore(_rollback.Promoted ?? _initial!); // A learner with a network has its initial weights.
            _rolledBack = true;
            _statistics = _statistics with { Rollbacks = _statistics.Rollbacks + 1, UpdateRefusal = "the measured objective rose twice in a row: rolled back" };
        }
        else
        {
            var (keys, values) = ChunkPairs(loss);
            var outcome = !double.IsFinite(loss.Evaluate(_search, [.. _bias.Select(b => (double)b)]).Total) ? new(false, "the loss is not finite", double.NaN)
                : keys.Length == 0 ? new(false, "the chunk holds no gates or no features yet", 0)
                : network.Update(keys, values, scale: scale);
            applied = outcome.Applied;
            _statistics = _statistics with { UpdateRefusal = outcome.Reason };
        }

        var elapsed = _stopwatch.GetElapsedTime(started).TotalMilliseconds;
        _statistics = _statistics with { UpdateMilliseconds = elapsed, OwnJoules = _statistics.OwnJoules + (elapsed / 1000 * _options.CoreWatts) };
        return applied;
    }

    /// <summary>The pairs of the chunk: a step's features, and <c>v = -dL/db</c> of its tokens at the bias in force. Over all steps the values add up to the gradient of the whole chunk.</summary>
    private (float[] Keys, float[] Values) ChunkPairs(LossModel loss)
    {
        var direction = new double[_experts];
        var gradient = new double[_experts];
        double[] bias = [.. _bias.Select(b => (double)b)];
        loss.Direction(_search, bias, direction);
        var (least, most) = (bias.Min(), bias.Max());
        var full = most - least >= _bounds.Spread - 1e-5;
        List<float> keys = [], values = [];
        foreach (var rows in _buffer.Steps())
        {
            // Features have length 1. Where every block is missing or at its mean they are rounding, which Muon would blow up to a full step.
            if (FastWeightState.Norm(_buffer.Features(rows[0])) < 0.5)
                continue;
            _step.Clear();
            foreach (var row in rows)
                _step.AddProbabilities(_buffer.Probabilities(row));
            Tilt.Jacobian(_step.Rows, bias, direction, gradient);
            keys.AddRange(_buffer.Features(rows[0]));
            for (var e = 0; e < _experts; e++)
            {
                var v = -gradient[e] / _buffer.Count;
                // A pull that would only push the bias out of its interval teaches nothing.
                var outward = full && ((v > 0 && bias[e] >= most - 1e-6) || (v < 0 && bias[e] <= least + 1e-6));
                values.Add(outward ? 0 : (float)v);
            }
        }

        return ([.. keys], [.. values]);
    }

    private void AccountFor(double? saved)
    {
        if (saved is not { } joules || !double.IsFinite(joules))
            return;
        var total = (_statistics.SavedJoules ?? 0) + joules;
        var tooDear = _network is not null && total > 0 && _statistics.OwnJoules > _options.GreatestOwnShare * total;
        _statistics = _statistics with { SavedJoules = total, FastWeightsOff = tooDear };
    }

    private PlacementProposal? Proposal(WindowHeat heat)
    {
        var (shares, factor, count) = (new double[_experts], new double[_devices], new int[_devices]);
        _usage.RecentMean(shares);
        for (var e = 0; e < _experts; e++)
        {
            factor[Device(e)] += _options.Costs?.ActivationJoules[e] ?? 1;
            count[Device(e)]++;
        }

        // Price of a unit of load: the device's mean cost of reading an expert, relative to the cheapest device, times its heat.
        var cheapest = factor.Zip(count, (sum, n) => n == 0 ? double.PositiveInfinity : sum / n).Min();
        double[] devicePrices = [.. factor.Select((sum, g) => count[g] == 0 || !(cheapest > 0) ? 1 + heat.DevicePrices[g] : sum / count[g] / cheapest * (1 + heat.DevicePrices[g]))];
        return PlacementProposal.Best(shares, _options.Devices, devicePrices);
    }

    private SelectionEpoch NewEpoch(ReadOnlySpan<float> prices, DateTimeOffset expires)
    {
        var bias = _bias;
        if (_options.Shape.BiasSpace != BiasSpace.Logit)
        {
            // To first order p exp(b) = p (1 + b): at the edge of the top-k a logit is worth the k-th score. Unknown until gates were seen.
            var scale = _scoreScale ?? 0;
            bias = [.. _bias.Select(b => (float)(b * scale))];
        }

        return new(
            _epochNumber, _strategy.Name, bias, _options.Shape.BiasSpace, _bounds.Guard, _batchStep, prices, expires == DateTimeOffset.MaxValue ? null : expires, _options.PolicyVersion);
    }

    private void Remember(long[] counts)
    {
        _counts.Enqueue(counts);
        if (_counts.Count > _options.Usage.Windows)
            _counts.Dequeue();
    }

    private double ObservedTokens() => (double)_counts.TakeLast(_options.Usage.RecentWindows).Sum(counts => counts.Sum()) / _options.Shape.TopK;

    private static int BatchTokens(LearningWindow window) => window.BatchTokens > 0 ? window.BatchTokens : window.Tokens;

    private int Device(int expert) => _options.Devices.Length == 0 ? 0 : _options.Devices[expert];

    private FastWeightNetwork Network() => _network ?? throw new InvalidOperationException($"{_strategy.Name} has no fast weights");
}
