using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Cli.Selections;

/// <summary>One MoE block on a GPU the way engines run it: sort by expert, two grouped matrix products in bf16 around SwiGLU, weigh and add up.</summary>
internal sealed class MoeBlock : IDisposable
{
    private const string Source = """
        def block(x: Tensor, up: Tensor, down: Tensor, experts: Tensor, weights: Tensor) -> Tensor:
            k = experts.size(1)
            flat = experts.reshape(-1).long()
            flat = flat.masked_fill(flat < 0, up.size(0))
            order = torch.argsort(flat)
            token = torch.div(order, k, rounding_mode="floor")
            bounds = torch.arange(1, up.size(0) + 1, device=x.device)
            ends = torch.searchsorted(flat.index_select(0, order), bounds, right=False).int()
            gate, value = torch.chunk(torch._grouped_mm(x.index_select(0, token), up, ends), 2, -1)
            y = torch._grouped_mm(torch.silu(gate) * value, down, ends)
            w = weights.reshape(-1).index_select(0, order).unsqueeze(-1).to(y.dtype)
            y = torch.where(w > 0, y * w, torch.zeros_like(y))
            return torch.zeros_like(x).index_add(0, token, y)

        def plain(logits: Tensor, k: int) -> List[Tensor]:
            p = torch.softmax(logits, -1)
            w, e = torch.topk(p, k, -1)
            return [e, w / w.sum(-1, keepdim=True)]

        """;

    private readonly jit.CompilationUnit _unit = jit.compile(Source);
    private readonly Tensor _up;
    private readonly Tensor _down;
    private readonly Tensor _x;

    public MoeBlock(int tokens, int experts, int model, int width, Device device)
    {
        // [experts, model, 2 width] and [experts, width, model]
        _up = randn([experts, model, 2L * width], ScalarType.BFloat16, device).mul_(0.02f);
        _down = randn([experts, width, model], ScalarType.BFloat16, device).mul_(0.02f);
        _x = randn([tokens, model], ScalarType.BFloat16, device);
    }

    /// <summary>Runs the block on a choice and drops the output.</summary>
    public void Run(Tensor experts, Tensor weights) => Output(experts, weights).Dispose();

    /// <summary>The block's output [tokens, model] for a choice.</summary>
    public Tensor Output(Tensor experts, Tensor weights) => (Tensor)_unit.invoke("block", _x, _up, _down, experts, weights);

    /// <summary>Plain routing in torch operations, then the block.</summary>
    public void RunPlain(Tensor logits, int k)
    {
        using var scope = NewDisposeScope();
        var (experts, weights) = Plain(logits, k);
        Run(experts, weights);
    }

    /// <summary>Softmax, top-k and renormalised weights in torch operations.</summary>
    public (Tensor Experts, Tensor Weights) Plain(Tensor logits, int k)
    {
        var answer = (Tensor[])_unit.invoke("plain", logits, k);

        return (answer[0], answer[1]);
    }

    public void Dispose()
    {
        _up.Dispose();
        _down.Dispose();
        _x.Dispose();
        _unit.Dispose();
    }
}
