using EnergyTTT.Experiments.Gates;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Models;

/// <summary>A pass over whole sequences: next-token loss for training, or keys, values and gate choices of a prompt.</summary>
internal static class TrainingPass
{
    /// <summary>Next-token loss with the load-balance and router losses.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">[batch, length + 1] int64.</param>
    /// <param name="kind">Type of the products: bf16 on a GPU, float32 on a CPU.</param>
    /// <param name="balance">Weight of the load-balance loss.</param>
    /// <returns>The loss to descend, and the next-token loss alone.</returns>
    /// <remarks>Load balance: <c>E sum_e share_e P_e</c> (Switch transformer, arXiv 2101.03961, eq. 4), and <c>1e-3 mean(logsumexp^2)</c> (ST-MoE, arXiv 2202.08906, eq. 5).</remarks>
    public static (Tensor Total, Tensor NextToken) Loss(MoeLanguageModel model, Tensor tokens, ScalarType kind, double balance)
    {
        var length = tokens.shape[1] - 1;
        var extra = zeros(1, ScalarType.Float32, model.Device);
        var x = Run(model, tokens.narrow(1, 0, length), kind, (layer, logits) =>
        {
            var shares = logits.softmax(-1); // [n, experts]
            var (value, chosen) = shares.topk(model.Shape.TopK, -1);
            var load = (chosen.unsqueeze(-1) == arange(model.Shape.Experts, ScalarType.Int64, model.Device)).to(ScalarType.Float32).sum([0, 1]) / (double)chosen.numel(); // [experts]
            extra += balance * model.Shape.Experts * (load.detach() * shares.mean([0L])).sum() + 1e-3 * logits.logsumexp(-1).pow(2).mean();
            return (chosen, value / value.sum(-1, keepdim: true));
        }, null);
        var logits = x.matmul(model.W("head").to(kind).t()).to(ScalarType.Float32); // [batch length, vocabulary]
        var next = nn.functional.cross_entropy(logits, tokens.narrow(1, 1, length).reshape(-1));
        return (next + extra.squeeze() / model.Shape.Layers, next);
    }

    /// <summary>Hidden states of whole sequences.</summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">[batch, length] int64.</param>
    /// <param name="kind">Type of the products.</param>
    /// <param name="gate">What stands at the gate: from layer and logits [n, experts] float32 to chosen [n, k] int64 and weights [n, k].</param>
    /// <param name="keep">Receives, per layer, keys and values [batch, key heads, length, head width]; null does not.</param>
    /// <returns>[batch x length, width], after the last norm.</returns>
    public static Tensor Run(MoeLanguageModel model, Tensor tokens, ScalarType kind, Func<int, Tensor, (Tensor Chosen, Tensor Weights)> gate, Action<int, Tensor, Tensor>? keep)
    {
        var shape = model.Shape;
        var (batch, length) = (tokens.shape[0], tokens.shape[1]);
        Tensor Weight(string name) => model.W(name).to(kind);
        var (cosine, sine) = model.Rotary((int)length, kind);
        var x = model.W("embedding").index_select(0, tokens.reshape(-1)).to(kind); // [batch length, width]
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            var h = MoeLanguageModel.Norm(x, Weight($"{layer}.norm1"));
            var qkv = h.matmul(Weight($"{layer}.qkv").t()).reshape(batch, length, shape.Heads + 2 * shape.KeyHeads, shape.HeadWidth).transpose(1, 2); // [batch, heads, length, head]
            var q = MoeLanguageModel.Rotate(qkv.narrow(1, 0, shape.Heads), cosine, sine);
            var k = MoeLanguageModel.Rotate(qkv.narrow(1, shape.Heads, shape.KeyHeads), cosine, sine);
            var v = qkv.narrow(1, shape.Heads + shape.KeyHeads, shape.KeyHeads);
            keep?.Invoke(layer, k, v);
            var shared = shape.Heads / shape.KeyHeads;
            var attended = nn.functional.scaled_dot_product_attention(q.contiguous(), k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1), is_casual: true);
            x = x + attended.transpose(1, 2).reshape(batch * length, shape.Heads * shape.HeadWidth).matmul(Weight($"{layer}.out").t());
            h = MoeLanguageModel.Norm(x, Weight($"{layer}.norm2"));
            var logits = h.to(ScalarType.Float32).matmul(model.W($"{layer}.gate").t()); // [n, experts]
            var (chosen, weights) = gate(layer, logits);
            x = x + model.Experts(h, GateChoice.Of(chosen, weights.to(kind), shape.Experts), Weight($"{layer}.up"), Weight($"{layer}.down"));
            if (model.Shared(layer, h, Weight) is { } common)
            {
                x = x + common;
            }
        }

        return MoeLanguageModel.Norm(x, Weight("norm"));
    }
}
