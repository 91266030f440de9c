using System.Numerics;
using System.Runtime.InteropServices;
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
        var x = tall ? Tall(matrix) : Normalised(matrix); // [small, large]

        // By hand instead of a dispose scope: at 64 x 64 the scope's book-keeping is a tenth of the time.
        foreach (var (a, b, c) in coefficients.Steps)
        {
            // One matrix at a time: TorchSharp 0.107 passes the arguments of its batched form, baddbmm, in another order than it documents.
            using var previous = x;
            using var gram = nn.functional.linear(previous, previous); // X X^T [small, small], transposed on the native side
            using var inner = addmm(gram, gram, gram, beta: (float)b, alpha: (float)c);
            x = addmm(previous, inner, previous, beta: (float)a, alpha: 1);
        }

        if (!tall)
            return x;
        using (x)
            return x.t();
    }

    private static Tensor Tall(Tensor matrix)
    {
        using var turned = matrix.t();
        using var wide = turned.contiguous();
        return Normalised(wide);
    }

    private static Tensor Normalised(Tensor matrix)
    {
        if (matrix.device_type == DeviceType.CPU && matrix.dtype == ScalarType.Float32 && matrix.is_contiguous())
            return matrix * (float)(1 / (Frobenius(MemoryMarshal.Cast<byte, float>(matrix.bytes)) + NormFloor)); // One operation of torch instead of three.
        using var norm = matrix.norm();
        using var floored = norm + NormFloor;
        return matrix / floored;
    }

    private static double Frobenius(ReadOnlySpan<float> values)
    {
        var (low, high, at, width) = (Vector<double>.Zero, Vector<double>.Zero, 0, Vector<float>.Count);
        for (; at <= values.Length - width; at += width)
        {
            Vector.Widen(new Vector<float>(values[at..]), out var a, out var b);
            (low, high) = (low + (a * a), high + (b * b));
        }

        low += high;
        var sum = 0.0;
        for (var lane = 0; lane < Vector<double>.Count; lane++)
            sum += low[lane];
        for (; at < values.Length; at++)
            sum += (double)values[at] * values[at];
        return Math.Sqrt(sum);
    }
}
