using System.CommandLine;
using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Runs;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Strategies;

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
    private readonly Option<bool> _ablations = new("--ablations") { Description = "compare: also ours with every part taken away." }, _alternatives = new("--alternatives") { Description = "compare: ours against itself with the other order of leaving, and with a bias alone." };
    private readonly Option<double?> _limit = new("--time-limit") { Description = "Seconds after which no further half round begins." };
    private readonly Option<double?> _soak = new("--soak-seconds") { Description = "thermal: seconds of each window at the fixed load." }, _cool = new("--cool-seconds") { Description = "thermal: seconds without work before each window." }, _load = new("--load") { Description = "thermal: offered load as a share of what the control can do." };

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
        _trainSeconds, _window, _muon, _costs, _output, _corpus, _strategy, _seed, _context, _decode, _sequences, _rounds, _sizes, _own, _checkpoint, _trace, _graphs, _budget, _ablations, _alternatives, _limit, _soak, _cool, _load, Server, Key, Json,
    ];

    /// <summary>The settings that follow.</summary>
    /// <exception cref="ArgumentException">A value does not fit; the message names all.</exception>
    public ExperimentSettings Settings(ParseResult parsed, string kind)
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
        return (basis with
        {
            Kind = kind, Shape = shape, OnCuda = (parsed.GetValue(_device) ?? (tiny ? "cpu" : "cuda")) == "cuda", Arms = Arms(kind, parsed.GetValue(_strategy), guard, own, tiny, parsed.GetValue(_ablations), parsed.GetValue(_alternatives)),
            Training = basis.Training with
            {
                Steps = steps, Batch = parsed.GetValue(_batchSizeOne) ?? basis.Training.Batch, Length = parsed.GetValue(_length) ?? basis.Training.Length, Seconds = parsed.GetValue(_trainSeconds) ?? basis.Training.Seconds,
            },
            BatchSizes = parsed.GetValue(_sizes) is { } sizes ? [.. sizes.Split(',').Select(size => int.TryParse(size, out var number) ? number : throw new ArgumentException($"--batch-size '{sizes}': whole numbers expected"))] : basis.BatchSizes,
            Context = parsed.GetValue(_context) ?? basis.Context, DecodeSteps = parsed.GetValue(_decode) ?? basis.DecodeSteps, Sequences = parsed.GetValue(_sequences) ?? basis.Sequences,
            Rounds = parsed.GetValue(_rounds) ?? basis.Rounds, WindowSeconds = parsed.GetValue(_window) ?? basis.WindowSeconds, Seed = parsed.GetValue(_seed) ?? basis.Seed, Corpus = parsed.GetValue(_corpus),
            CheckpointFile = parsed.GetValue(_checkpoint), Trace = parsed.GetValue(_trace), Graphs = parsed.GetValue(_graphs) ?? true,
            QualityBudget = (kind is "compare" or "thermal" ? parsed.GetValue(_budget) ?? basis.QualityBudget : parsed.GetValue(_budget)) is > 0 and var budget ? budget : null, TimeLimit = parsed.GetValue(_limit),
            SoakSeconds = kind == "thermal" ? parsed.GetValue(_soak) ?? 45 : null, CoolSeconds = parsed.GetValue(_cool) ?? 15, Load = parsed.GetValue(_load) ?? 0.9,
            KernelCosts = parsed.GetValue(_costs), OutputDirectory = parsed.GetValue(_output),
            Learning = new LearningSettings
            {
                ChunkSize = parsed.GetValue(_chunk) ?? 2_048, UpdateFrequency = parsed.GetValue(_frequency) ?? 512, Rate = parsed.GetValue(_rate) ?? 1e-4, Muon = parsed.GetValue(_muon) ?? true,
                Targets = new LossTargets(parsed.GetValue(_power) ?? 200, parsed.GetValue(_celsius) ?? 65, parsed.GetValue(_latency) ?? 10), Seed = parsed.GetValue(_seed) ?? basis.Seed,
            },
        }).Check();
    }

    private static IReadOnlyList<ArmPlan> Arms(string kind, string? strategy, float guard, int own, bool tiny, bool ablations, bool alternatives)
    {
        ArmPlan[] named = [.. (strategy ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(name => ArmCatalogue.Of(StrategyCatalogue.Find(name)) with { GuardBound = guard })];
        return kind switch
        {
            "aa" => ArmCatalogue.SameAndSame,
            "thermal" => [ArmCatalogue.Baseline(), named.Length > 0 ? named[0] : ArmCatalogue.Comparison(guard, own, !tiny).First(arm => arm.Name == ArmCatalogue.Product)],
            "run" => named.Length > 0 ? named : [ArmCatalogue.Comparison(guard, own, !tiny).First(arm => arm.Name == "EnergyAwareTTT")],
            _ when named.Length > 0 => [.. ArmCatalogue.SameAndSame, .. named.Where(arm => arm.Name != ArmCatalogue.Control)],
            _ when strategy is "" or null && alternatives => [.. ArmCatalogue.SameAndSame, ArmCatalogue.Comparison(guard, own, !tiny).First(arm => arm.Name == ArmCatalogue.Product), .. ArmCatalogue.Alternatives(guard)],
            _ when tiny => [.. ArmCatalogue.Comparison(guard, own), .. ArmCatalogue.Others, .. ArmCatalogue.Ablations(guard)],
            _ => [.. ArmCatalogue.Comparison(guard, own, true), .. ablations ? ArmCatalogue.Ablations(guard, true) : []],
        };
    }
}
