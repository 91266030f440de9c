using EnergyTTT.Evidence.Switchbacks;
using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Cards;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Devices;
using EnergyTTT.Experiments.Meters;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Experiments.Runs;

/// <summary>All arms at one number of tokens a step, interleaved: A B B A in an order that a seed drew.</summary>
/// <param name="settings">All that is set beforehand.</param>
/// <param name="device">What it runs on.</param>
/// <param name="prepared">The model and its text.</param>
/// <param name="gate">The shape of the gates.</param>
/// <param name="costs">The cost table.</param>
/// <param name="size">Tokens of a step.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Told what is being done, and the share of it that is done.</param>
internal sealed class SizeExperiment(
    ExperimentSettings settings, ExperimentDevice device, Preparation prepared, SelectorShape gate, ModelledCosts costs, int size, TimeProvider time, Action<string, double> say) : IDisposable
{
    // A window loses its settling time and the way to the first tick.
    private const double LostSeconds = 0.3;
    private const double LeastTracedSeconds = 5;
    private const int ModelledBatches = 4;
    private readonly List<Arm> _arms = [];
    private readonly List<RunTrial> _trials = [];
    private readonly List<RunSeries> _series = [];
    private readonly int _together = prepared.Measured.Together(size);
    private CachedPass? _pass;
    private IStepper? _stepper;
    private double? _requestsPerSecond;

    /// <summary>Figures that runs are searched by.</summary>
    public SortedDictionary<string, double> Metrics { get; } = new(StringComparer.Ordinal);

    /// <summary>The name of an arm in the run.</summary>
    public static string NameOf(ExperimentSettings settings, ArmPlan plan, int size) => settings.BatchSizes.Count > 1 ? $"{plan.Name} @{size}" : plan.Name;

    /// <summary>What there is so far, added to what came before.</summary>
    public RunBundle AddTo(RunBundle before)
    {
        var figures = _arms.Select(arm => ArmFigures.Of(arm, settings, size, Offered, device.Meter.Origin, _trials)).ToDictionary(figure => figure.Name, StringComparer.Ordinal);
        return before with { Arms = [.. before.Arms.Select(arm => figures.GetValueOrDefault(arm.Name, arm))], Trials = [.. before.Trials, .. _trials], Series = [.. before.Series, .. _series] };
    }

    /// <summary>Runs.</summary>
    /// <param name="before">What earlier sizes came to.</param>
    /// <param name="deadline">Timestamp after which no half round begins; null: none.</param>
    /// <param name="record">Told each trial once it is measured.</param>
    /// <param name="cancellationToken">Looked at between batches.</param>
    public async Task<RunBundle> Run(RunBundle before, long? deadline, Func<RunTrial, Task> record, CancellationToken cancellationToken)
    {
        device.Enter();
        var plans = Tuned(cancellationToken);
        _pass = prepared.Measured.Pass(prepared.Model, size);
        _stepper = device.Stepper();
        foreach (var plan in plans)
        {
            _arms.Add(new(plan, device.Gate(plan, gate, prepared.Model.Shape.Layers, size), settings, gate, costs.Experts(gate.Experts), prepared.Model.Shape.Layers, prepared.Measured.Count));
        }

        var runner = new TrialRunner(_pass, _stepper, device.Clock, time) { Device = () => device.Meter.Latest, Completed = tokens => device.Watch?.Complete(tokens) };
        var work = new TrialFeeds(settings, prepared.Measured, _together);
        var batches = WarmUp(runner, work, cancellationToken);
        Settle(runner, work, cancellationToken);
        int[] order = _arms.Count > 1 ? new SwitchbackPlan(settings.Seed * 1_000L + size).Order(_arms.Count, settings.Rounds) : [.. Enumerable.Repeat(0, 2 * settings.Rounds)];
        var (halfBegan, halfTicks) = (time.GetTimestamp(), 0L);
        for (var position = 0; position < order.Length; position++)
        {
            device.Enter();
            if (position > 0 && position % _arms.Count == 0)
            {
                (halfBegan, halfTicks) = (time.GetTimestamp(), time.GetTimestamp() - halfBegan);
                if (halfBegan + 1.05 * halfTicks > deadline)
                {
                    say($"time limit: {order.Length - position} of {order.Length} trials are left out", 1);
                    Metrics["trials_left_out"] = order.Length - position;
                    break;
                }
            }

            say($"measuring, batch {size}", (double)position / order.Length);
            if (settings.CoolSeconds > 0)
            {
                device.Begin("idle");
                await Task.Delay(TimeSpan.FromSeconds(settings.CoolSeconds), time, cancellationToken);
                device.Enter();
            }

            var pair = position / _arms.Count;
            var arm = _arms[order[position]];
            await record(Trial(before.Trials.Count + _trials.Count, arm, pair, runner, work.Of(arm.Plan, pair, batches, _requestsPerSecond), cancellationToken));
        }

        device.Enter();
        return Compared(AddTo(before));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        device.Enter();
        _stepper?.Dispose();
        _pass?.Dispose();
        _arms.ForEach(arm => arm.Dispose());
    }

    private double? Offered => _requestsPerSecond * _pass?.TokensPerSequence;

    private IReadOnlyList<ArmPlan> Tuned(CancellationToken cancellationToken)
    {
        if (settings.QualityBudget is not { } budget || prepared.Tuning is not { } sequences)
        {
            return settings.Arms;
        }

        device.Begin("tune");
        using var tuning = new BoundTuning(device, prepared.Model, sequences, settings, gate, size, time, cancellationToken);
        List<ArmPlan> plans = [];
        foreach (var plan in settings.Arms)
        {
            say($"tuning {plan.Name}, batch {size}", (double)plans.Count / settings.Arms.Count);
            plans.Add(tuning.Tune(plan, budget));
        }

        _series.AddRange(tuning.Curves);
        return plans;
    }

    /// <summary>Carries a batch or two through under each arm, and finds how many of them make a trial and how fast requests come.</summary>
    /// <returns>Batches of a trial.</returns>
    private int WarmUp(TrialRunner runner, TrialFeeds work, CancellationToken cancellationToken)
    {
        if (!settings.OnCuda && settings.Arrivals == ArrivalPattern.Closed)
        {
            return 1; // Nothing has to get warm.
        }

        var seconds = 0.0;
        foreach (var (arm, position) in _arms.Select((arm, position) => (arm, position)))
        {
            say($"warming up, batch {size}", (double)position / _arms.Count);
            device.Begin($"warm_b{size}");
            runner.Run(arm, work.First(arm.Plan), false, cancellationToken);
            var began = device.Clock.Seconds;
            runner.Run(arm, work.First(arm.Plan), false, cancellationToken);
            seconds = position == 0 ? device.Clock.Seconds - began : seconds;
        }

        if (settings.Arrivals != ArrivalPattern.Closed)
        {
            seconds /= settings.Load;
            _requestsPerSecond = _together / seconds;
            Metrics["offered_tokens_per_second"] = _together * _pass!.TokensPerSequence / seconds; // Run has made it
        }

        if (!settings.OnCuda)
        {
            return ModelledBatches; // A modelled window is as good as a longer one.
        }

        // All sequences equally often, where that takes no more than a few windows' worth.
        var needed = Math.Max(1, (int)Math.Ceiling((settings.WindowSeconds + LostSeconds) / Math.Max(0.001, seconds)));
        var (round, all) = (needed, prepared.Measured.Count / _together);
        while (2 * settings.Rounds * round % all != 0 && round < 2 * needed + all)
        {
            round++;
        }

        return 2 * settings.Rounds * round % all == 0 ? round : needed;
    }

    /// <summary>Brings the card to the temperature of the work, under the control.</summary>
    private void Settle(TrialRunner runner, TrialFeeds work, CancellationToken cancellationToken)
    {
        if (!settings.OnCuda)
        {
            return;
        }

        device.Begin($"settle_b{size}");
        for (var began = device.Clock.Seconds; device.Clock.Seconds - began < settings.SettleSeconds;)
        {
            say($"settling, batch {size}", (device.Clock.Seconds - began) / settings.SettleSeconds);
            runner.Run(_arms[0], work.Of(_arms[0].Plan, 0, 8, _requestsPerSecond), false, cancellationToken);
        }
    }

    private RunTrial Trial(int block, Arm arm, int pair, TrialRunner runner, IBatchFeed feed, CancellationToken cancellationToken)
    {
        var name = NameOf(settings, arm.Plan, size);
        device.Begin($"{settings.Phase.ToString().ToLowerInvariant()}_b{size}_{arm.Plan.Name.Replace(' ', '_')}");
        var (started, ticked, own) = (time.GetUtcNow(), time.GetTimestamp(), arm.OwnJoules);
        device.Meter.Begin();
        var done = runner.Run(arm, feed, true, cancellationToken);
        var trial = device.Meter.Measure(new()
        {
            Block = block, Arm = name, Pair = _arms.Count > 1 ? pair : null, Started = started, Finished = time.GetUtcNow(), Seconds = 0, Tokens = done.Tokens, Origin = device.Meter.Origin,
            Loss = done.Loss / done.Tokens, Perplexity = Math.Exp(done.Loss / done.Tokens), RetainedMassMean = done.Gates.RetainedMean, RetainedMassMin = done.Gates.RetainedMin, DistinctExperts = done.Gates.DistinctMean,
            RouterJoules = arm.Learns ? arm.OwnJoules - own : null, GpuWaitShare = device.WaitShare(time.GetElapsedTime(ticked).TotalSeconds - done.IdleSeconds),
            QueueMsP50 = Quantiles.Of(done.QueueMilliseconds, 0.5), QueueMsP95 = Quantiles.Of(done.QueueMilliseconds, 0.95), LatencyMsP50 = Quantiles.Of(done.LatencyMilliseconds, 0.5),
            LatencyMsP95 = Quantiles.Of(done.LatencyMilliseconds, 0.95),
        }, done);
        arm.LastJoulesPerToken = trial is { Codes: [], Joules: > 0, Tokens: > 0 } ? trial.Joules / trial.Tokens : null;
        _trials.Add(trial);
        if (settings.WindowSeconds >= LeastTracedSeconds && device.Watch is { } watch)
        {
            _series.AddRange(CardSeries.Of(watch, ticked, time.GetTimestamp(), 0.5, $"{name} / {pair + 1}", time));
        }

        return trial;
    }

    private RunBundle Compared(RunBundle bundle)
    {
        if (_arms.Count < 2)
        {
            return bundle;
        }

        var origin = device.Meter.Origin;
        var again = _arms.FirstOrDefault(arm => arm.Plan.Name == ArmCatalogue.ControlAgain);
        RunComparison Compare(Arm treated, bool? covers) =>
            ArmComparison.Of(_arms[0], treated, NameOf(settings, _arms[0].Plan, size), NameOf(settings, treated.Plan, size), origin, _trials, covers, device.Against);
        bool? covers = again is null ? null : Compare(again, true) is { Ci95: [<= 0, >= 0] };
        List<RunComparison> comparisons = [.. _arms.Skip(1).Select(arm => Compare(arm, covers))];
        return bundle with
        {
            Comparisons = [.. bundle.Comparisons, .. comparisons],
            Series =
            [
                .. bundle.Series, .. SweepCurves.Of(settings, size, bundle.Arms, comparisons, [.. _arms.Select(arm => arm.Plan)], origin),
                .. _arms.Where(arm => arm.Learns).SelectMany(arm => arm.Biases.Select((bias, layer) => Bias(arm, layer, bias, origin))),
            ],
        };
    }

    private RunSeries Bias(Arm arm, int layer, float[] bias, Origin origin) => new()
    {
        Name = "bias", Label = $"{NameOf(settings, arm.Plan, size)} / layer {layer}", XUnit = "expert", YUnit = "logit", Origin = origin, X = [.. Enumerable.Range(0, bias.Length).Select(e => (double)e)],
        Y = [.. bias.Select(b => (double?)b)],
    };
}
