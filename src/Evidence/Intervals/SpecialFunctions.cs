namespace EnergyTTT.Evidence.Intervals;

/// <summary>The two special functions that Student's t needs. Relative accuracy 1e-13 or better over the arguments that are used here; see the oracle in tests/Evidence.Tests.</summary>
internal static class SpecialFunctions
{
    // Coefficients of the Stirling series B_2k / (2k (2k - 1)).
    private static readonly double[] Stirling =
    [
        1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156,
    ];

    /// <summary>ln Gamma(x) for x above 0: Stirling's series above 15, recurrence <c>Gamma(x) = Gamma(x + n) / (x (x+1) ... (x+n-1))</c> below.</summary>
    public static double LogGamma(double x)
    {
        double product = 1;
        while (x < 15)
        {
            product *= x;
            x++;
        }

        double inverse = 1 / x, square = inverse * inverse, series = 0;
        for (var k = Stirling.Length - 1; k >= 0; k--)
        {
            series = series * square + Stirling[k];
        }

        return (x - 0.5) * Math.Log(x) - x + 0.9189385332046727 + series * inverse - Math.Log(product);
    }

    /// <summary>
    /// The regularised incomplete beta function I_x(a, b), by the continued fraction of DLMF 8.17.22 evaluated with the modified Lentz method, on the side where it converges fast.
    /// </summary>
    /// <param name="x">0 to 1.</param>
    /// <param name="complement">1 - x, given apart because near x = 1 it cannot be recovered from x.</param>
    public static double RegularisedBeta(double x, double complement, double a, double b)
    {
        if (x <= 0)
        {
            return 0;
        }

        if (complement <= 0)
        {
            return 1;
        }

        return x > (a + 1) / (a + b + 2) ? 1 - Fraction(complement, x, b, a) : Fraction(x, complement, a, b);
    }

    private static double Fraction(double x, double complement, double a, double b)
    {
        const double Tiny = 1e-300;
        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * Math.Log(x) + b * Math.Log(complement)) / a;
        double c = 1, d = 1 / Guard(1 - (a + b) * x / (a + 1)), value = d;
        for (var m = 1; m <= 500; m++)
        {
            var even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 / Guard(1 + even * d);
            c = Guard(1 + even / c);
            value *= d * c;
            var odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
            d = 1 / Guard(1 + odd * d);
            c = Guard(1 + odd / c);
            var step = d * c;
            value *= step;
            if (Math.Abs(step - 1) < 1e-16)
            {
                break;
            }
        }

        return front * value;

        static double Guard(double v) => Math.Abs(v) < Tiny ? Tiny : v;
    }
}
