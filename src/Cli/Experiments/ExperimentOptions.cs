using System.CommandLine;
using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Runs;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Wire.Deployments;

namespace EnergyTTT.Cli.Experiments;

/// <summary>The flags of experiments: those of the original description under their names, and ours. What is not given comes from the preset.</summary>
internal sealed class ExperimentOptions
{
    private readonly Option<string> _preset = new("--preset") { Description = "tiny (two cores, minutes) or h100.", DefaultValueFactory = _ => "tiny" };
    private readonly Option<string?> _device = new("--device") { Description = "cpu (joules modelled) or cuda (joules measured)." };
    private readonly Option<int?> _width = new("--d-model"), _layers = new("--layers"), _experts = new("--num-experts"), _topK = new("--top-k"), _expertWidth = new("--expert-width"), _vocabulary = new("--vocabulary");
    private readonly Option<string?> _expertType = new("--expert-type") { Description = "swiglu (three matrices) or simple (two)." };
    private readonly Option<int?> _chunk = new("--ttt-chunk-size"), _frequency = new("--ttt-update-frequency"), _batchSizeOne = new("--train-batch"), _length = new("--seq-length"), _trainSteps = new("--train-steps");
    private readonly Option<int?> _epochs = new("--num-epochs") { Description = "Passes of --num-batches training steps." }, _batches = new("--num-batches") { Description = "Training steps of one pass." };
    private readonly Option<double?> _rate = new("--energy-aware-lr"), _power = new("--target-power"), _celsius = new("--target-temp"), _latency = new("--target-latency"), _guard = new("--guard") { Description = "rho: share of gate mass that every token keeps." };
    private readonly Option<double?> _trainSeconds = new("--train-seconds"), _window = new("--window-seconds") { Description = "Least length of a measured window." };
    private readonly Option<bool?> _muon = new("--muon-enabled");
    private readonly Option<string?> _costs = new("--kernel-costs"), _output = new("--output-dir"), _corpus = new("--corpus"), _strategy = new("--strategy") { Description = "A strategy by name; with compare several, separated by ';'." };
    private readonly Option<int?> _seed = new("--seed"), _context = new("--context"), _decode = new("--decode-steps"), _sequences = new("--sequences"), _rounds = new("--rounds") { Description = "Rounds A B B A; two pairs each." };
    private readonly Option<string?> _sizes = new("--batch-size") { Description = "Sequences side by side; several separated by ','." };
    private readonly Option<int?> _own = new("--own-experts") { Description = "k0 of OpportunisticActivation." };

    private readonly Option<string?> _checkpoint = new("--checkpoint") { Description = "A trained model: read where the file is there, written after training where not." };
    private readonly Option<string?> _trace = new("--trace") { Description = "File for a recording of the card at 20 Hz while the run lasts (csv.gz)." };
    private readonly Option<bool?> _graphs = new("--graphs") { Description = "false launches decode steps operation by operation instead of replaying CUDA graphs." };
    private readonly Option<double?> _budget = new("--quality-budget") { Description = "Percent of perplexity that each arm may cost on tuning sequences; its bound is set accordingly. 0: bounds as given." };
    private readonly Option<ArmSet?> _set = new("--arms") { Description = "compare: which arms. main: rivals and ours; ablations: also ours with each part taken away; all: also every other strategy (of --preset tiny the default); product: ours alone; alternatives: ours against itself." };
    private readonly Option<double?> _limit = new("--time-limit") { Description = "Seconds after which no further half round begins." };
    private readonly Option<double?> _soak = new("--soak-seconds") { Description = "thermal: seconds of each window at the fixed load." }, _cool = new("--cool-seconds") { Description = "Seconds without work before each window." }, _settle = new("--settle-seconds") { Description = "Seconds of work under the control before the first window, until the card is warm." };
    private readonly Option<double?> _load = new("--load") { Description = "Offered load of an open loop as a share of what the control can do." };
    private readonly Option<bool> _sweep = new("--sweep") { Description = "compare: every strategy over the settings of its bound, so that they are compared at equal quality." };
    private readonly Option<int?> _stops = new("--stops") { Description = "--sweep: settings of each strategy at most." }, _waiting = new("--waiting-batches") { Description = "Requests that wait when a batch is formed, in batches: what affinity can choose from." };
    private readonly Option<int?> _tuning = new("--tuning-sequences") { Description = "Sequences on which bounds are tuned; none of them is measured." };
    private readonly Option<InferencePhase> _phase = new("--phase") { Description = "decode: a step is one token of each sequence. prefill: a step is --batch-size tokens of one prompt." };
    private readonly Option<ArrivalPattern?> _arrivals = new("--arrivals") { Description = "closed: the next batch is always ready. paced, poisson: requests come at --load whether anybody is ready or not; queue and latency are recorded." };

    public Option<Uri?> Server { get; } = new("--server") { Description = "Also record the run live on this server.", CustomParser = Servers.ServerOptions.ReadAddress };

    public Option<string?> Key { get; } = new("--key") { Description = $"API key that may record; {Servers.ServerOptions.KeyVariable} in the environment when not given." };

    public Option<bool> Json { get; } = new("--json") { Description = "Print the bundle's figures as JSON." };

    public ExperimentOptions()
    {
        _preset.AcceptOnlyFromAmong("tiny", "h100");
        _device.AcceptOnlyFromAmong("cpu", "cuda");
        _expertType.AcceptOnlyFromAmong("swiglu", "simple");
    }

    public IEnumerable<Option> All =>
    [
        _preset, _device, _width, _layers, _experts, _topK, _expertWidth, _vocabulary, _expertType, _chunk, _frequency, _batchSizeOne, _length, _trainSteps, _epochs, _batches, _rate, _power, _celsius, _latency, _guard,
        _trainSeconds, _window, _muon, _costs, _output, _corpus, _strategy, _seed, _context, _decode, _sequences, _rounds, _sizes, _own, _checkpoint, _trace, _graphs, _budget, _set, _limit, _soak, _cool, _settle, _load, _sweep, _stops, _waiting, _tuning, _phase, _arrivals, Server, Key, Json,
    ];

    /// <summary>The settings that follow.</summary>
    /// <exception cref="ArgumentException">A value does not fit; the message names all.</exception>
    public ExperimentSettings Settings(ParseResult parsed, ExperimentKind kind)
    {
        var tiny = parsed.GetValue(_preset) != "h100";
        var basis = tiny ? ExperimentSettings.Tiny : ExperimentSettings.H100;
        var shape = basis.Shape with
        {
            Width = parsed.GetValue(_width) ?? basis.Shape.Width, Layers = parsed.GetValue(_layers) ?? basis.Shape.Layers, Experts = parsed.GetValue(_experts) ?? basis.Shape.Experts, TopK = parsed.GetValue(_topK) ?? basis.Shape.TopK,
            ExpertWidth = parsed.GetValue(_expertWidth) ?? basis.Shape.ExpertWidth, Vocabulary = parsed.GetValue(_vocabulary) ?? basis.Shape.Vocabulary, Gated = (parsed.GetValue(_expertType) ?? "swiglu") == "swiglu",
        };
        var steps = parsed.GetValue(_trainSteps) ?? (parsed.GetValue(_epochs) is not null || parsed.GetValue(_batches) is not null ? (parsed.GetValue(_epochs) ?? 5) * (parsed.GetValue(_batches) ?? 50) : basis.Training.Steps);
        var guard = (float)(parsed.GetValue(_guard) ?? (tiny ? 0.95 : 0.93));
        if (!(guard is > 0 and <= 1))
            throw new ArgumentException($"--guard is {guard}: a share above 0 and at most 1 expected");
        var own = parsed.GetValue(_own) ?? (tiny ? 3 : 5);
        kind = parsed.GetValue(_sweep) ? kind == ExperimentKind.Compare ? ExperimentKind.Sweep : throw new ArgumentException("--sweep belongs to 'experiment compare'") : kind;
        var phase = parsed.GetValue(_phase);
        var stops = parsed.GetValue(_stops) ?? basis.Stops;
        var isThermal = kind == ExperimentKind.Thermal;
        var arms = Arms(kind, parsed.GetValue(_set) ?? (tiny ? ArmSet.All : ArmSet.Main), parsed.GetValue(_strategy), guard, own, !tiny, shape.TopK, stops);
        return (basis with
        {
            // How a prompt uses experts is known once it was read: there is no affinity before.
            Kind = kind, Shape = shape, OnCuda = (parsed.GetValue(_device) ?? (tiny ? "cpu" : "cuda")) == "cuda", Phase = phase, Arms = phase == InferencePhase.Prefill ? [.. arms.Where(arm => !arm.ByAffinity)] : arms,
            Training = basis.Training with
            {
                Steps = steps, Batch = parsed.GetValue(_batchSizeOne) ?? basis.Training.Batch, Length = parsed.GetValue(_length) ?? basis.Training.Length, Seconds = parsed.GetValue(_trainSeconds) ?? basis.Training.Seconds,
            },
            BatchSizes = parsed.GetValue(_sizes) is { } sizes ? [.. sizes.Split(',').Select(size => int.TryParse(size, out var number) ? number : throw new ArgumentException($"--batch-size '{sizes}': whole numbers expected"))] : basis.BatchSizes,
            Context = parsed.GetValue(_context) ?? basis.Context, DecodeSteps = parsed.GetValue(_decode) ?? basis.DecodeSteps, Sequences = parsed.GetValue(_sequences) ?? basis.Sequences,
            Rounds = parsed.GetValue(_rounds) ?? (kind == ExperimentKind.Sweep ? 2 : basis.Rounds), WindowSeconds = (isThermal ? parsed.GetValue(_soak) ?? 45 : parsed.GetValue(_window)) ?? basis.WindowSeconds, Seed = parsed.GetValue(_seed) ?? basis.Seed, Corpus = parsed.GetValue(_corpus),
            CheckpointFile = parsed.GetValue(_checkpoint), Trace = parsed.GetValue(_trace), Graphs = parsed.GetValue(_graphs) ?? true,
            QualityBudget = (parsed.GetValue(_budget) ?? (kind is ExperimentKind.Compare or ExperimentKind.Thermal ? basis.QualityBudget : null)) is > 0 and var budget && kind != ExperimentKind.Sweep ? budget : null,
            TuningSequences = parsed.GetValue(_tuning) ?? basis.TuningSequences, TimeLimit = parsed.GetValue(_limit), Arrivals = parsed.GetValue(_arrivals) ?? (isThermal ? ArrivalPattern.Paced : ArrivalPattern.Closed),
            CoolSeconds = parsed.GetValue(_cool) ?? 0, SettleSeconds = parsed.GetValue(_settle) ?? (isThermal ? 30 : 0), Load = parsed.GetValue(_load) ?? basis.Load, WaitingBatches = parsed.GetValue(_waiting) ?? basis.WaitingBatches,
            Stops = stops,
            KernelCosts = parsed.GetValue(_costs), OutputDirectory = parsed.GetValue(_output),
            Learning = new LearningSettings
            {
                ChunkSize = parsed.GetValue(_chunk) ?? 2_048, UpdateFrequency = parsed.GetValue(_frequency) ?? 512, Rate = parsed.GetValue(_rate) ?? 1e-4, Muon = parsed.GetValue(_muon) ?? true,
                Targets = new LossTargets(parsed.GetValue(_power) ?? 200, parsed.GetValue(_celsius) ?? 65, parsed.GetValue(_latency) ?? 10), Seed = parsed.GetValue(_seed) ?? basis.Seed,
            },
        }).Check();
    }

    private static IReadOnlyList<ArmPlan> Arms(ExperimentKind kind, ArmSet set, string? strategy, float guard, int own, bool byDemand, int topK, int stops)
    {
        ArmPlan[] named = [.. (strategy ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(name => ArmCatalogue.Named(name, guard))];
        return kind switch
        {
            ExperimentKind.Aa => ArmCatalogue.SameAndSame,
            ExperimentKind.Thermal => named.Length > 0 ? [.. ArmCatalogue.SameAndSame, .. named] : ArmCatalogue.Of(ArmSet.Product, guard, own, byDemand),
            ExperimentKind.Run => named.Length > 0 ? named : [ArmCatalogue.Comparison(guard, own, byDemand).First(arm => arm.Name == ArmCatalogue.Alone)],
            ExperimentKind.Sweep => ArmCatalogue.Sweep(named.Length > 0 ? named : ArmCatalogue.Swept(guard, byDemand), topK, stops),
            _ => named.Length > 0 ? [.. ArmCatalogue.SameAndSame, .. named.Where(arm => arm.Name != ArmCatalogue.Control)] : ArmCatalogue.Of(set, guard, own, byDemand),
        };
    }
}
