using EnergyTTT.Experiments.Corpora;
using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Gates;
using EnergyTTT.Experiments.Models;
using EnergyTTT.Routing.Torch;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Selection.Gates;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Tests.Models;

public class DecodingTests
{
    private static readonly ModelShape Small = new() { Width = 32, Layers = 2, Heads = 4, KeyHeads = 2, Experts = 8, TopK = 2, ExpertWidth = 16, SharedWidth = 8, Vocabulary = 300 };

    // Before anything of TorchSharp is touched, its static fields included.
    static DecodingTests() => TorchLibrary.Load();

    [Fact]
    public void Decoding_step_by_step_loses_what_the_whole_pass_loses()
    {
        using var model = new MoeLanguageModel(Small, 3, CPU);
        const int Prompt = 20, Steps = 6, Count = 4;
        var sequences = Random(Count, Prompt + Steps + 2);
        var gate = new SelectorShape(Small.Experts, Small.TopK);
        using var pool = SequencePool.Read(model, sequences, Prompt, Steps, gate, 2, null, default);
        using var decoder = new BatchDecoder(model, pool, Count);
        using var choice = new CpuGate(gate, Small.Layers);
        decoder.Load([2, 0, 3, 1]);
        for (var step = 0; step < Steps; step++)
        {
            decoder.Step(choice);
        }

        var decoded = decoder.Losses();
        var whole = WholePass(model, sequences, Prompt, Steps);
        Assert.Equal(whole[2], decoded[0], 1e-3);
        Assert.Equal(whole[0], decoded[1], 1e-3);
        Assert.Equal(whole[3], decoded[2], 1e-3);
        Assert.Equal(whole[1], decoded[3], 1e-3);
        Assert.Equal(1, choice.Totals().RetainedMean!.Value, 1e-9);
    }

    [Fact]
    public void Reading_a_prompt_in_pieces_loses_what_the_whole_pass_loses()
    {
        using var model = new MoeLanguageModel(Small, 3, CPU);
        const int Length = 24;
        var sequences = Random(3, Length + 2);
        var gate = new SelectorShape(Small.Experts, Small.TopK);
        using var pool = new PromptPool(sequences, Length, CPU);
        using var reader = pool.Pass(model, 8);
        using var choice = new CpuGate(gate, Small.Layers);
        var whole = WholePass(model, sequences, 1, Length);
        foreach (var prompt in (int[])[2, 0])
        {
            reader.Load([prompt]);
            for (var step = 0; step < reader.Steps; step++)
            {
                reader.Step(choice);
            }

            Assert.Equal(whole[prompt], reader.Losses().Single(), 1e-3);
        }

        Assert.Equal((3, 24), (reader.Steps, reader.TokensPerSequence));
        Assert.Equal(6 * 8, choice.Totals().Tokens);
    }

    [Fact]
    public void Loading_a_batch_again_gives_the_same_losses_whatever_was_decoded_between()
    {
        using var model = new MoeLanguageModel(Small, 3, CPU);
        var sequences = Random(4, 30);
        var gate = new SelectorShape(Small.Experts, Small.TopK);
        using var pool = SequencePool.Read(model, sequences, 16, 8, gate, 4, null, default);
        using var decoder = new BatchDecoder(model, pool, 2);
        using var plain = new CpuGate(gate, Small.Layers);
        using var tight = new CpuGate(gate, Small.Layers);
        for (var layer = 0; layer < Small.Layers; layer++)
        {
            tight.Apply(layer, new SelectionEpoch(1, "greedy", new float[Small.Experts], guardBound: 0, batchStep: BatchStep.GreedyConsolidation(0.5f)));
        }

        double[] Decode(CpuGate by, params int[] batch)
        {
            decoder.Load(batch);
            for (var step = 0; step < 8; step++)
            {
                decoder.Step(by);
            }

            return decoder.Losses();
        }

        var first = Decode(plain, 0, 1);
        var steered = Decode(tight, 0, 1);
        Decode(tight, 2, 3);
        var again = Decode(plain, 0, 1);

        Assert.Equal(first, again);
        Assert.NotEqual(first, steered);
        Assert.True(tight.Totals().DistinctMean < plain.Totals().DistinctMean);
        Assert.True(tight.Totals().RetainedMin >= 0.5 - 1e-6);
    }

    [Fact]
    public void Experts_are_what_a_loop_over_tokens_says()
    {
        using var model = new MoeLanguageModel(Small, 5, CPU);
        using var scope = NewDisposeScope();
        using var none = no_grad();
        var h = randn(5, Small.Width, generator: new Generator(1));
        var chosen = tensor(new long[] { 0, 3, 3, 7, 1, 2, 7, 0, 3, 0 }, [5, 2]);
        var weights = rand(5, 2, generator: new Generator(2));

        var choice = GateChoice.Of(chosen, weights, Small.Experts);
        var grouped = model.Experts(h, choice, model.W("0.up"), model.W("0.down"));

        for (var t = 0; t < 5; t++)
        {
            var sum = zeros(Small.Width);
            for (var slot = 0; slot < 2; slot++)
            {
                var e = chosen[t, slot].ToInt64();
                var up = h[t].matmul(model.W("0.up")[e]);
                sum += weights[t, slot] * (nn.functional.silu(up.narrow(0, 0, 16)) * up.narrow(0, 16, 16)).matmul(model.W("0.down")[e]);
            }

            Assert.True((sum - grouped[t]).abs().max().ToSingle() < 1e-5);
        }

        Assert.Equal([3, 4, 5, 8, 8, 8, 8, 10], choice.Ends.data<int>().ToArray());
    }

    [Fact]
    public void A_model_learns_text_that_repeats_itself()
    {
        var corpus = Corpus.Make([new("song", [.. Enumerable.Range(0, 800).Select(i => $"Song.Verse{i}.Line: the cat sat on the mat and the dog ran in the fog.")])], 280);
        using var model = new MoeLanguageModel(Small with { Vocabulary = 280 }, 1, CPU);
        List<double> losses = [];

        var report = Trainer.Train(model, corpus, new() { Steps = 40, Batch = 4, Length = 32, Rate = 5e-3 }, TimeProvider.System, (_, loss) => losses.Add(loss), default);

        Assert.Equal(40, report.Steps);
        Assert.InRange(losses[0], 5, 7); // ln 280 = 5.6: it knows nothing yet.
        Assert.True(report.Loss < 0.6 * losses[0], $"from {losses[0]} to {report.Loss}");
    }

    [Fact]
    public void Weights_have_a_digest_that_one_weight_changes()
    {
        using var model = new MoeLanguageModel(Small, 1, CPU);
        var before = model.Sha256();

        using (no_grad())
        {
            model.W("1.gate").mul_(1.001f);
        }

        Assert.NotEqual(before, model.Sha256());
    }

    private static HeldOutSequences Random(int count, int length)
    {
        var random = new Random(4);
        return new([.. Enumerable.Range(0, count * length).Select(_ => (long)random.Next(Small.Vocabulary))], [.. Enumerable.Repeat("random", count)], count, length);
    }

    private static double[] WholePass(MoeLanguageModel model, HeldOutSequences sequences, int prompt, int steps)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var all = tensor(sequences.Tokens, [sequences.Count, sequences.Length]);
        var length = prompt + steps;
        var x = TrainingPass.Run(model, all.narrow(1, 0, length), ScalarType.Float32, (_, logits) =>
        {
            var (value, chosen) = logits.softmax(-1).topk(Small.TopK, -1);
            return (chosen, value / value.sum(-1, keepdim: true));
        }, null);
        var losses = nn.functional.cross_entropy(x.matmul(model.W("head").t()), all.narrow(1, 1, length).reshape(-1), reduction: nn.Reduction.None).reshape(sequences.Count, length);
        return [.. losses.narrow(1, prompt - 1, steps).sum(1).data<float>().ToArray().Select(l => (double)l)];
    }
}
