using EnergyTTT.Experiments.Corpora;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Devices;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Selection.Gates;
using EnergyTTT.Wire.Deployments;
using TorchSharp;

namespace EnergyTTT.Experiments.Runs;

/// <summary>What every experiment begins with: a trained model, and held-out sequences whose prompts it has read.</summary>
internal sealed class Preparation : IDisposable
{
    private readonly TrainingReport _trained;
    private readonly int _domains;

    private Preparation(MoeLanguageModel model, TrainingReport trained, Corpus corpus, ISequenceSet measured, ISequenceSet? tuning, int domains) =>
        (Model, _trained, Corpus, Measured, Tuning, _domains) = (model, trained, corpus, measured, tuning, domains);

    /// <summary>The model; it no longer learns.</summary>
    public MoeLanguageModel Model { get; }

    /// <summary>The text.</summary>
    public Corpus Corpus { get; }

    /// <summary>What is measured.</summary>
    public ISequenceSet Measured { get; }

    /// <summary>What bounds are tuned on; null where nothing is tuned.</summary>
    public ISequenceSet? Tuning { get; }

    /// <summary>Figures of the model and of the text, for the record.</summary>
    public Dictionary<string, double> Figures() => new(StringComparer.Ordinal)
    {
        ["train_loss"] = _trained.Loss, ["train_tokens"] = _trained.Tokens, ["train_seconds"] = _trained.Seconds, ["domains"] = _domains, ["corpus_train_tokens"] = Corpus.TrainTokens,
        ["corpus_held_out_tokens"] = Corpus.HeldOutTokens,
    };

    /// <summary>Reads text, trains or reads a checkpoint, and reads prompts.</summary>
    public static Preparation Make(ExperimentSettings settings, ExperimentDevice device, TimeProvider time, Action<string, double> say, CancellationToken cancellationToken)
    {
        var checkpoint = settings.CheckpointFile is { } file && File.Exists(file) ? file : null;
        var known = checkpoint is null ? default : Checkpoint.ReadHead(checkpoint);
        say("reading text", 0);
        var corpus = Corpus.Make(CorpusSource.Read(settings.Corpus, settings.CorpusCharacters), settings.Shape.Vocabulary, settings.HeldOutShare, known.Tokenizer);
        say($"text of {corpus.TrainTokens:N0} tokens to train on, {corpus.HeldOutTokens:N0} held out", 0);
        var shape = settings.Shape with { Vocabulary = corpus.Tokenizer.Vocabulary };
        if (checkpoint is not null && known.Shape != shape)
        {
            throw new FormatException($"--checkpoint '{checkpoint}' is of another shape: {known.Shape}, and {shape} is asked for");
        }

        MoeLanguageModel model;
        TrainingReport trained;
        if (checkpoint is not null)
        {
            say("reading the checkpoint", 0);
            (model, trained) = (Checkpoint.ReadModel(checkpoint, device.Torch), known.Report);
        }
        else
        {
            model = new(shape, settings.Seed, device.Torch);
            device.Begin("train");
            trained = Trainer.Train(model, corpus, settings.Training with { Seed = settings.Seed }, time, (share, loss) => say($"training, loss {loss:0.000}", share), cancellationToken);
            device.AfterTraining();
            model.Freeze(settings.OnCuda ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32);
            say($"trained {trained.Steps} steps, {trained.Tokens:N0} tokens, loss {trained.Loss:0.000}", 1);
            if (settings.CheckpointFile is { } target)
            {
                say("writing the checkpoint", 0);
                Checkpoint.Write(target, model, corpus.Tokenizer, trained);
            }
        }

        try
        {
            device.Begin("prompts");
            var gate = new SelectorShape(shape.Experts, shape.TopK);
            var tuned = settings.QualityBudget is null ? 0 : settings.TuningSequences;
            var all = corpus.HeldOut(settings.Sequences + tuned, settings.Context + settings.DecodeSteps + 2, settings.Seed);
            ISequenceSet Read(HeldOutSequences sequences, string what) => settings.Phase == InferencePhase.Prefill
                ? new PromptPool(sequences, settings.Context, device.Torch)
                : SequencePool.Read(model, sequences, settings.Context, settings.DecodeSteps, gate, settings.OnCuda ? 16 : 4, share => say(what, share), cancellationToken);
            var measured = all.Part(0, settings.Sequences);
            return new(
                model, trained, corpus, Read(measured, "reading prompts"), tuned == 0 ? null : Read(all.Part(settings.Sequences, tuned), "reading prompts for tuning"),
                measured.Domains.Distinct(StringComparer.Ordinal).Count());
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Tuning?.Dispose();
        Measured.Dispose();
        Model.Dispose();
    }
}
