using EnergyTTT.Experiments.Corpora;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Routing.Torch;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Tests.Models;

public sealed class CheckpointTests : IDisposable
{
    private readonly string _file = Path.Combine(Directory.CreateTempSubdirectory("energyttt-checkpoint").FullName, "m.ckpt");

    static CheckpointTests() => TorchLibrary.Load();

    [Fact]
    public void A_checkpoint_gives_the_same_model_and_tokenizer_back_and_a_cut_one_is_refused()
    {
        var corpus = Corpus.Make([new("song", [.. Enumerable.Range(0, 300).Select(i => $"Song.Verse{i}.Line: the cat sat on the mat.")])], 270);
        var shape = new ModelShape { Width = 32, Layers = 2, Heads = 4, KeyHeads = 2, Experts = 8, TopK = 2, ExpertWidth = 16, Vocabulary = corpus.Tokenizer.Vocabulary };
        using var model = new MoeLanguageModel(shape, 3, CPU);
        model.Freeze(ScalarType.BFloat16);
        Checkpoint.Write(_file, model, corpus.Tokenizer, new(7, 70, 1.5, 2.5));

        var (known, tokenizer, report) = Checkpoint.ReadHead(_file);
        using var back = Checkpoint.ReadModel(_file, CPU);

        Assert.Equal(shape, known);
        Assert.Equal(new TrainingReport(7, 70, 1.5, 2.5), report);
        Assert.Equal(model.Sha256(), back.Sha256());
        List<int> first = [], second = [];
        corpus.Tokenizer.Encode("the cat sat", first);
        tokenizer.Encode("the cat sat", second);
        Assert.Equal(first, second);

        File.WriteAllBytes(_file, File.ReadAllBytes(_file)[..^3]);
        Assert.Contains("cut off", Assert.Throws<FormatException>(() => Checkpoint.ReadModel(_file, CPU)).Message, StringComparison.Ordinal);
        File.WriteAllText(_file, "hello\n");
        Assert.Throws<FormatException>(() => Checkpoint.ReadHead(_file));
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_file)!, true);
}
