using static TorchSharp.torch;

namespace EnergyTTT.Experiments.Gates;

/// <summary>What a gate chose, as the experts want it: rows sorted by expert, and where each slot's row went.</summary>
/// <param name="Weights">[tokens, k] float32; 0 for an unused slot.</param>
/// <param name="Ends">[experts] int32: rows up to and with each expert.</param>
/// <param name="Source">[tokens k] int64: the token of each row; rows after the last expert's count nothing.</param>
/// <param name="Back">[tokens k] int64: the row of each slot, an unused one's of its token's first.</param>
internal readonly record struct GateChoice(Tensor Weights, Tensor Ends, Tensor Source, Tensor Back)
{
    /// <summary>Sorts a choice by torch operations; the kernel of a GPU does the same at once.</summary>
    /// <param name="chosen">[tokens, k] int64 without negative entries.</param>
    /// <param name="weights">[tokens, k].</param>
    /// <param name="experts">Experts.</param>
    public static GateChoice Of(Tensor chosen, Tensor weights, int experts)
    {
        var (n, k) = (chosen.shape[0], chosen.shape[1]);
        var flat = chosen.reshape(-1);
        var order = flat.argsort(); // [n k], rows of one expert together
        var counts = (flat.unsqueeze(0) == arange(experts, ScalarType.Int64, chosen.device).unsqueeze(1)).sum(1); // [experts]
        var back = zeros_like(order).scatter_(0, order, arange(n * k, ScalarType.Int64, chosen.device)); // where each row went
        return new(weights, counts.cumsum(0).to(ScalarType.Int32), order.div(k, RoundingMode.floor), back);
    }
}
