using EnergyTTT.Experiments.Arms;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Experiments.Trials;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Experiments.Runs;

/// <summary>What an experiment does.</summary>
public enum ExperimentKind
{
    /// <summary>One strategy.</summary>
    Run = 0,

    /// <summary>Every strategy against plain top-k.</summary>
    Compare = 1,

    /// <summary>Every strategy over the settings of its dial: joules against perplexity.</summary>
    Sweep = 2,

    /// <summary>Heat soak at a fixed offered load.</summary>
    Thermal = 3,

    /// <summary>The same arm twice.</summary>
    Aa = 4,
}

/// <summary>Everything that is set before an experiment; nothing of it is chosen after a number was seen.</summary>
public sealed record ExperimentSettings
{
    /// <summary>What is done.</summary>
    public required ExperimentKind Kind { get; init; }

    /// <summary><c>tiny</c> or <c>h100</c>: what the other settings began from.</summary>
    public required string Preset { get; init; }

    /// <summary>True: an NVIDIA GPU, measured. False: the CPU, modelled.</summary>
    public bool OnCuda { get; init; }

    /// <summary>The model.</summary>
    public required ModelShape Shape { get; init; }

    /// <summary>How it is trained.</summary>
    public required TrainingOptions Training { get; init; }

    /// <summary>The arms; the first is the control.</summary>
    public required IReadOnlyList<ArmPlan> Arms { get; init; }

    /// <summary>Sequences that decode side by side, one comparison each.</summary>
    public required IReadOnlyList<int> BatchSizes { get; init; }

    /// <summary>Tokens of context before the first decoded one.</summary>
    public int Context { get; init; } = 1_024;

    /// <summary>Tokens decoded of each sequence per trial.</summary>
    public required int DecodeSteps { get; init; }

    /// <summary>Held-out sequences.</summary>
    public required int Sequences { get; init; }

    /// <summary>Rounds A B B A; each gives two pairs.</summary>
    public int Rounds { get; init; } = 6;

    /// <summary>Least seconds of a measured window; the work of a trial is repeated until the control takes as long.</summary>
    public double WindowSeconds { get; init; } = 3;

    /// <summary>How routers learn.</summary>
    public LearningSettings Learning { get; init; } = new();

    /// <summary>Of weights, order, batches and texts.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Text; null: the documentation of the .NET SDK.</summary>
    public string? Corpus { get; init; }

    /// <summary>Reading of text stops after so many characters.</summary>
    public long CorpusCharacters { get; init; } = long.MaxValue;

    /// <summary>Share of documented types that are held out.</summary>
    public double HeldOutShare { get; init; } = 0.08;

    /// <summary>A cost table; null: the product's.</summary>
    public string? KernelCosts { get; init; }

    /// <summary>Where bundles and pictures go; null: nowhere.</summary>
    public string? OutputDirectory { get; init; }

    /// <summary>A trained model: read where the file is there, written after training where not; null trains and forgets.</summary>
    public string? CheckpointFile { get; init; }

    /// <summary>A recording of the card while the run lasts, gzipped CSV; null: none. On a GPU only.</summary>
    public string? Trace { get; init; }

    /// <summary>Whether steps are recorded as CUDA graphs; false launches operation by operation, for comparison.</summary>
    public bool Graphs { get; init; } = true;

    /// <summary>
    /// Percent by which an arm's perplexity may rise: each arm with a bound gets the loosest one whose 95 % interval, on <see cref="TuningSequences"/> sequences that are not measured, ends below it, so that
    /// arms are compared at equal quality. Null: the bounds stay as planned.
    /// </summary>
    public double? QualityBudget { get; init; }

    /// <summary>Sequences for tuning, disjoint from those that are measured.</summary>
    public int TuningSequences { get; init; } = 128;

    /// <summary>Seconds after which no new half round begins; null: none.</summary>
    public double? TimeLimit { get; init; }

    /// <summary>What the tokens of a step are: one of each sequence, or consecutive ones of a prompt.</summary>
    public InferencePhase Phase { get; init; }

    /// <summary>How requests come.</summary>
    public ArrivalPattern Arrivals { get; init; }

    /// <summary>Offered load of an open loop as a share of what the control can do, above 0 and below 1.</summary>
    public double Load { get; init; } = 0.9;

    /// <summary>Requests that wait whenever a batch is formed in a closed loop, in batches: what affinity can choose from.</summary>
    public int WaitingBatches { get; init; } = 4;

    /// <summary>Seconds of work under the control, at the load of the trials, before the first window: until the card is as warm as it will be.</summary>
    public double SettleSeconds { get; init; }

    /// <summary>Seconds without work before each window.</summary>
    public double CoolSeconds { get; init; }

    /// <summary>Settings that a sweep tries of each strategy, at most.</summary>
    public int Stops { get; init; } = 6;

    /// <summary>Labels of the run.</summary>
    public SortedDictionary<string, string> Tags { get; init; } = [];

    /// <summary>Two cores, five minutes.</summary>
    public static ExperimentSettings Tiny { get; } = new()
    {
        Kind = ExperimentKind.Compare, Preset = "tiny", Shape = ModelShape.Tiny, Training = new() { Steps = 160, Seconds = 120, Batch = 8, Length = 128, Rate = 2e-3 }, BatchSizes = [16], DecodeSteps = 32, Sequences = 192,
        CorpusCharacters = 4_000_000, Arms = ArmCatalogue.Of(ArmSet.All, 0.95f, 3, byDemand: false),
    };

    /// <summary>One H100, ten minutes.</summary>
    public static ExperimentSettings H100 { get; } = new()
    {
        Kind = ExperimentKind.Compare, Preset = "h100", OnCuda = true, Shape = ModelShape.H100, Training = new() { Steps = 4_000, Seconds = 200, Batch = 32, Length = 512, Rate = 6e-4 }, BatchSizes = [16, 64], DecodeSteps = 128,
        Sequences = 768, HeldOutShare = 0.15, WindowSeconds = 1.6, QualityBudget = 1, TuningSequences = 384, Arms = ArmCatalogue.Comparison(0.93f, 5, true),
    };

    /// <summary>As the record of a run tells them.</summary>
    public SortedDictionary<string, ParameterValue> Parameters() => new(StringComparer.Ordinal)
    {
        ["preset"] = Preset, ["device"] = OnCuda ? "cuda" : "cpu", ["d_model"] = Shape.Width, ["num_layers"] = Shape.Layers, ["num_experts"] = Shape.Experts, ["top_k"] = Shape.TopK,
        ["expert_width"] = Shape.ExpertWidth, ["expert_type"] = Shape.Gated ? "swiglu" : "simple", ["vocabulary"] = Shape.Vocabulary, ["train_steps"] = Training.Steps, ["train_batch"] = Training.Batch,
        ["seq_length"] = Training.Length, ["train_rate"] = Training.Rate, ["train_seconds"] = Training.Seconds ?? 0, ["batch_sizes"] = string.Join(',', BatchSizes), ["context"] = Context,
        ["decode_steps"] = DecodeSteps, ["sequences"] = Sequences, ["rounds"] = Rounds, ["window_seconds"] = WindowSeconds, ["seed"] = Seed, ["corpus"] = Corpus is null ? "dotnet-sdk-documentation" : Path.GetFileName(Corpus),
        ["ttt_chunk_size"] = Learning.ChunkSize, ["ttt_update_frequency"] = Learning.UpdateFrequency, ["energy_aware_lr"] = Learning.Rate, ["muon_enabled"] = Learning.Muon,
        ["target_power"] = Learning.Targets.PowerWatts, ["target_temp"] = Learning.Targets.TemperatureCelsius, ["target_latency"] = Learning.Targets.LatencyMilliseconds,
        ["quality_budget_percent"] = QualityBudget is { } budget ? (ParameterValue)budget : "none", ["cuda_graphs"] = Graphs, ["phase"] = Phase.ToString().ToLowerInvariant(),
        ["arrivals"] = Arrivals.ToString().ToLowerInvariant(), ["offered_load"] = Arrivals == ArrivalPattern.Closed ? "none" : (ParameterValue)Load, ["waiting_batches"] = WaitingBatches, ["cool_seconds"] = CoolSeconds, ["settle_seconds"] = SettleSeconds, ["tuning_sequences"] = QualityBudget is null ? 0 : TuningSequences,
        ["arms"] = string.Join("; ", Arms.Select(arm => arm.Name)),
    };

    /// <summary>Throws a list of everything that does not fit.</summary>
    /// <exception cref="ArgumentException">Something does not.</exception>
    public ExperimentSettings Check()
    {
        Shape.Check();
        List<string> wrong = [];
        Require(Arms.Count >= 1, "there is no arm");
        Require(Arms.Select(arm => arm.Name).Distinct(StringComparer.Ordinal).Count() == Arms.Count, "two arms have the same name");
        Require(BatchSizes.Count > 0 && BatchSizes.All(size => size is >= 1 and <= 256 && (Phase == InferencePhase.Prefill || Sequences % size == 0)), $"--batch-size is {string.Join(',', BatchSizes)}: 1 to 256, dividing --sequences ({Sequences}), expected");
        Require(Context is >= 16 and <= 32_768, $"--context is {Context}: 16 to 32768 expected");
        Require(Phase == InferencePhase.Decode || BatchSizes.All(size => Context % size == 0), $"--batch-size is {string.Join(',', BatchSizes)} tokens of a prompt of {Context} (--context): it has to divide it");
        Require(Phase == InferencePhase.Decode || !Arms.Any(arm => arm.ByAffinity), "batches by affinity need to know how a prompt uses experts, which is known after --phase prefill only");
        Require(Phase == InferencePhase.Decode || Arrivals == ArrivalPattern.Closed, "--phase prefill reads prompts as fast as it goes: no --arrivals");
        Require(QualityBudget is null || Phase == InferencePhase.Prefill || BatchSizes.All(size => TuningSequences % size == 0), $"--tuning-sequences is {TuningSequences}: a multiple of --batch-size ({string.Join(',', BatchSizes)}) expected");
        Require(SettleSeconds is >= 0 and <= 3_600, $"--settle-seconds is {SettleSeconds}: 0 to 3600 expected");
        Require(Load is > 0 and < 1, $"--load is {Load}: above 0 and below 1 expected");
        Require(WaitingBatches is >= 1 and <= 1_000, $"--waiting-batches is {WaitingBatches}: 1 to 1000 expected");
        Require(CoolSeconds is >= 0 and <= 600, $"--cool-seconds is {CoolSeconds}: 0 to 600 expected");
        Require(Stops is >= 2 and <= 32, $"--stops is {Stops}: 2 to 32 expected");
        Require(DecodeSteps is >= 1 and <= 8_192, $"--decode-steps is {DecodeSteps}: 1 to 8192 expected");
        Require(Rounds is >= 1 and <= 1_000, $"--rounds is {Rounds}: 1 to 1000 expected");
        Require(WindowSeconds is >= 0.5 and <= 600, $"--window-seconds is {WindowSeconds}: 0.5 to 600 expected");
        Require(Training.Steps is >= 1 and <= 1_000_000, $"--train-steps is {Training.Steps}: 1 to 1000000 expected");
        Require(Training.Length is >= 8 and <= 8_192, $"--seq-length is {Training.Length}: 8 to 8192 expected");
        Require(Learning.ChunkSize is >= 2_048 and <= 1_048_576, $"--ttt-chunk-size is {Learning.ChunkSize}: 2048 to 1048576 expected");
        Require(Learning.UpdateFrequency >= 1 && Learning.UpdateFrequency <= Learning.ChunkSize, $"--ttt-update-frequency is {Learning.UpdateFrequency}: 1 to the chunk size expected");
        return wrong.Count == 0 ? this : throw new ArgumentException(string.Join("; ", wrong));

        void Require(bool holds, string message)
        {
            if (!holds)
            {
                wrong.Add(message);
            }
        }
    }
}
