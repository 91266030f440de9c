using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Routing.FastWeights;

/// <summary>Makes the singular values of a matrix nearly 1 and leaves its singular vectors: the "Muon" half of an update.</summary>
internal static class NewtonSchulz
{
    /// <summary>Added to the Frobenius norm, so that a zero matrix stays zero.</summary>
    public const double NormFloor = 1e-7;

    /// <summary>
    /// <c>X = M / (|M|_F + 1e-7)</c>, then per triple (a, b, c): <c>A = X X^T; X = a X + (b A + c A A) X</c>; on the transpose when there are more rows than columns, so
    /// that A is the smaller square.
    /// </summary>
    /// <param name="matrix">M <c>[rows, columns]</c>, finite; its type and device are those of the result.</param>
    /// <returns>Same shape; a zero matrix gives zero. Does not depend on the scale of M while |M|_F is far above 1e-7. The caller disposes it or owns its scope.</returns>
    /// <remarks>Cost about 30 d^3 flop for a square. Source: "Test-Time Training Done Right" (LaCT), algorithm of Muon; router specification 1.</remarks>
    public static Tensor Orthogonalise(Tensor matrix, NewtonSchulzCoefficients coefficients)
    {
        var tall = matrix.shape[0] > matrix.shape[1];
        using var norm = matrix.norm();
        using var floored = norm + NormFloor;
        using var start = tall ? matrix.t().contiguous() : matrix.alias();
        var x = start / floored; // [small, large]

        // By hand instead of a dispose scope: at 64 x 64 the scope's book-keeping is a tenth of the time.
        foreach (var (a, b, c) in coefficients.Steps)
        {
            // One matrix at a time: TorchSharp 0.107 passes the arguments of its batched form, baddbmm, in another order than it documents.
            using var previous = x;
            using var turned = previous.t();
            using var gram = mm(previous, turned); // [small, small]
            using var inner = addmm(gram, gram, gram, beta: (float)b, alpha: (float)c);
            x = addmm(previous, inner, previous, beta: (float)a, alpha: 1);
        }

        if (!tall)
            return x;
        using (x)
            return x.t();
    }
}
