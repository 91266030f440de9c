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

    /// <summary>ln Gamma(a + 1/2) - ln Gamma(a) for a above 0; the difference of two large logarithms would lose its digits, so from 50 upwards its own series is used (DLMF 5.11.13).</summary>
    public static double LogGammaHalfStep(double a)
    {
        if (a < 50)
        {
            return LogGamma(a + 0.5) - LogGamma(a);
        }

        var square = 1 / (a * a);
        return 0.5 * Math.Log(a) - (1.0 / 8 - square * (1.0 / 192 - square * (1.0 / 640 - square * (17.0 / 14336)))) / a;
    }

    /// <summary>ln(1 + y) without losing the digits of a small y (Kahan).</summary>
    public static double LogOnePlus(double y)
    {
        var u = 1 + y;
        return u == 1 ? y : Math.Log(u) * y / (u - 1);
    }

    /// <summary>
    /// The regularised incomplete beta function I_x(a, b) where a or b is 1/2, by the continued fraction of DLMF 8.17.22 evaluated with the modified Lentz method, on the side where it converges fast.
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
        // ln B(a, 1/2) = ln Gamma(1/2) - (ln Gamma(a + 1/2) - ln Gamma(a)), and B is symmetric.
        var front = Math.Exp(LogGammaHalfStep(a == 0.5 ? b : a) - 0.5723649429247001 + a * Log(x, complement) + b * Log(complement, x)) / a;
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

        static double Log(double value, double complement) => value > 0.5 ? LogOnePlus(-complement) : Math.Log(value);

        static double Guard(double v) => Math.Abs(v) < Tiny ? Tiny : v;
    }
}
