namespace EnergyTTT.Routing.KernelCosts;

/// <summary>Weighted least squares of <c>y = b0 + b1 x1 + b2 x2</c> with weights <c>1 / y^2</c>.</summary>
internal readonly struct LinearFit
{
    private readonly Coefficient _b0, _b1, _b2;

    private LinearFit(Coefficient b0, Coefficient b1, Coefficient b2, double determination) => (_b0, _b1, _b2, Determination) = (b0, b1, b2, determination);

    public double Determination { get; }

    public Coefficient this[int index] => index switch { 0 => _b0, 1 => _b1, _ => _b2 };

    public static bool TrySolve(ReadOnlySpan<double> x1, ReadOnlySpan<double> x2, ReadOnlySpan<double> y, out LinearFit fit)
    {
        fit = default;
        // Columns are brought to comparable size before the normal equations, or 1 beside 32,768 slots would cost eight digits.
        double scale1 = Greatest(x1), scale2 = Greatest(x2);
        if (!(scale1 > 0 && scale2 > 0))
        {
            return false;
        }

        Span<double> normal = stackalloc double[9], right = stackalloc double[3], row = stackalloc double[3];
        double weights = 0, weightedSum = 0;
        for (var i = 0; i < y.Length; i++)
        {
            var w = 1 / (y[i] * y[i]);
            (row[0], row[1], row[2]) = (1, x1[i] / scale1, x2[i] / scale2);
            for (var a = 0; a < 3; a++)
            {
                right[a] += w * row[a] * y[i];
                for (var b = 0; b < 3; b++)
                {
                    normal[a * 3 + b] += w * row[a] * row[b];
                }
            }

            weights += w;
            weightedSum += w * y[i];
        }

        Span<double> inverse = stackalloc double[9];
        if (!TryInvert(normal, inverse))
        {
            return false;
        }

        Span<double> beta = stackalloc double[3];
        for (var a = 0; a < 3; a++)
        {
            beta[a] = inverse[a * 3] * right[0] + inverse[a * 3 + 1] * right[1] + inverse[a * 3 + 2] * right[2];
        }

        double residual = 0, total = 0;
        var mean = weightedSum / weights;
        for (var i = 0; i < y.Length; i++)
        {
            var w = 1 / (y[i] * y[i]);
            var predicted = beta[0] + beta[1] * x1[i] / scale1 + beta[2] * x2[i] / scale2;
            residual += w * (y[i] - predicted) * (y[i] - predicted);
            total += w * (y[i] - mean) * (y[i] - mean);
        }

        var freedom = y.Length - 3;
        var variance = residual / freedom;
        var t = StudentT975(freedom);
        var r2 = total > 0 ? 1 - residual / total : 0;
        fit = new(
            new(beta[0], t * Math.Sqrt(variance * inverse[0])),
            new(beta[1] / scale1, t * Math.Sqrt(variance * inverse[4]) / scale1),
            new(beta[2] / scale2, t * Math.Sqrt(variance * inverse[8]) / scale2),
            r2);
        return true;
    }

    /// <summary>The 97.5 % quantile of Student's t by Cornish-Fisher expansion around z = 1.96; within 0.1 % for 5 or more degrees of freedom (Abramowitz and Stegun, 26.7.5).</summary>
    internal static double StudentT975(int freedom)
    {
        const double Z = 1.959963984540054;
        double z3 = Z * Z * Z, z5 = z3 * Z * Z, z7 = z5 * Z * Z, v = freedom;
        return Z + (z3 + Z) / (4 * v) + (5 * z5 + 16 * z3 + 3 * Z) / (96 * v * v) + (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / (384 * v * v * v);
    }

    private static double Greatest(ReadOnlySpan<double> values)
    {
        double greatest = 0;
        foreach (var value in values)
        {
            greatest = Math.Max(greatest, Math.Abs(value));
        }

        return greatest;
    }

    /// <summary>Inverse of a symmetric 3 x 3 matrix by cofactors; false when it is singular to working precision.</summary>
    private static bool TryInvert(ReadOnlySpan<double> m, Span<double> inverse)
    {
        double c00 = m[4] * m[8] - m[5] * m[7], c01 = m[5] * m[6] - m[3] * m[8], c02 = m[3] * m[7] - m[4] * m[6];
        var determinant = m[0] * c00 + m[1] * c01 + m[2] * c02;
        if (!(Math.Abs(determinant) > 1e-10 * m[0] * m[4] * m[8]))
        {
            return false;
        }

        inverse[0] = c00 / determinant;
        inverse[3] = inverse[1] = c01 / determinant;
        inverse[6] = inverse[2] = c02 / determinant;
        inverse[4] = (m[0] * m[8] - m[2] * m[6]) / determinant;
        inverse[7] = inverse[5] = (m[2] * m[3] - m[0] * m[5]) / determinant;
        inverse[8] = (m[0] * m[4] - m[1] * m[3]) / determinant;
        return true;
    }
}
