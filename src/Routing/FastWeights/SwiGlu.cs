using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Routing.FastWeights;

/// <summary>The fast function <c>f(x) = W1 [silu(W0 x) * (W2 x)]</c> and its closed-form ascent directions, on tensors.</summary>
/// <remarks>W0 and W2 are kept stacked, <c>[2 hidden, inputs]</c>, so that each pass is one matrix product.</remarks>
internal static class SwiGlu
{
    /// <summary><c>f(x)</c> for each row.</summary>
    /// <param name="stacked">W0 over W2, <c>[2 hidden, inputs]</c>.</param>
    /// <param name="outputs">W1 <c>[experts, hidden]</c>.</param>
    /// <param name="keys">x <c>[rows, inputs]</c>.</param>
    /// <returns><c>[rows, experts]</c>; the caller owns it.</returns>
    public static Tensor Apply(Tensor stacked, Tensor outputs, Tensor keys)
    {
        using var scope = NewDisposeScope();
        var hidden = outputs.shape[1];
        var both = mm(keys, stacked.t()); // [rows, 2 hidden]
        var h = nn.functional.silu(both.narrow(1, 0, hidden)) * both.narrow(1, hidden, hidden); // [rows, hidden]
        return mm(h, outputs.t()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Ascent directions of <c>sum_i r_i f(k_i) . v_i</c>. With g = W0 k, u = W2 k, h = silu(g) * u, delta = W1^T v:
    /// <c>dW1 = sum r1_i v_i h_i^T; dW2 = sum r2_i (delta_i * silu(g_i)) k_i^T; dW0 = sum r0_i (delta_i * u_i * s'(g_i)) k_i^T; s'(g) = sig(g)(1 + g(1 - sig(g)))</c>.
    /// Sums over the rows, not means.
    /// </summary>
    /// <param name="keys">k <c>[rows, inputs]</c>.</param>
    /// <param name="values">v <c>[rows, experts]</c>.</param>
    /// <param name="rates">r0, r2, r1 per row, <c>[rows, 3]</c>, or <see langword="null"/> for 1.</param>
    /// <returns>dW0 over dW2 <c>[2 hidden, inputs]</c>, and dW1 <c>[experts, hidden]</c>; the caller owns both.</returns>
    /// <remarks>Source: "Test-Time Training Done Right" (LaCT); checked against autograd and finite differences (invariant 11).</remarks>
    public static (Tensor Stacked, Tensor Outputs) AscentDirections(Tensor stacked, Tensor outputs, Tensor keys, Tensor values, Tensor? rates)
    {
        using var scope = NewDisposeScope();
        var hidden = outputs.shape[1];
        var both = mm(keys, stacked.t()); // [rows, 2 hidden]
        var (g, u) = (both.narrow(1, 0, hidden), both.narrow(1, hidden, hidden));
        var sigmoid = torch.sigmoid(g);
        var silu = g * sigmoid; // [rows, hidden]
        var delta = mm(values, outputs); // [rows, hidden]
        var slope = (1 - sigmoid).mul_(g).add_(1).mul_(sigmoid); // s'(g)
        var gateSide = slope.mul_(u).mul_(delta);
        var upSide = delta * silu;
        var h = silu * u;
        if (rates is not null)
        {
            gateSide.mul_(rates.narrow(1, 0, 1));
            upSide.mul_(rates.narrow(1, 1, 1));
            h.mul_(rates.narrow(1, 2, 1));
        }

        var dStacked = mm(cat([gateSide, upSide], 1).t(), keys); // [2 hidden, inputs]
        var dOutputs = mm(values.t(), h); // [experts, hidden]
        return (dStacked.MoveToOuterDisposeScope(), dOutputs.MoveToOuterDisposeScope());
    }
}
