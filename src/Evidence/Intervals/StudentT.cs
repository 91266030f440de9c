namespace EnergyTTT.Evidence.Intervals;

/// <summary>Student's t distribution.</summary>
public static class StudentT
{
    /// <summary>
    /// P(T at most t) with nu degrees of freedom: <c>1/2 I_x(nu/2, 1/2)</c> with <c>x = nu / (nu + t^2)</c> for t at most 0, mirrored above.
    /// </summary>
    /// <param name="t">Any number; infinities give 0 and 1.</param>
    /// <param name="freedom">nu, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">nu is not above 0, or t is NaN.</exception>
    /// <remarks>Source: DLMF 8.17; checked against tests/Evidence.Tests/Intervals/student_t.csv.</remarks>
    public static double Cdf(double t, double freedom)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(freedom);
        ArgumentOutOfRangeException.ThrowIfEqual(t, double.NaN);
        if (double.IsInfinity(t))
        {
            return t > 0 ? 1 : 0;
        }

        var square = t * t;
        var tail = 0.5 * SpecialFunctions.RegularisedBeta(freedom / (freedom + square), square / (freedom + square), freedom / 2, 0.5);
        return t > 0 ? 1 - tail : tail;
    }

    /// <summary>The t with <c>Cdf(t, nu) = p</c>; relative accuracy 1e-10 or better.</summary>
    /// <param name="probability">p, inside 0 to 1.</param>
    /// <param name="freedom">nu, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">p is not inside (0, 1), or nu is not above 0.</exception>
    /// <remarks>Bisection on the lower tail, polished by Newton steps with the density; the tail is solved on its own side so that small p keep their digits.</remarks>
    public static double Quantile(double probability, double freedom)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(freedom);
        if (!(probability > 0 && probability < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "a probability between 0 and 1, both excluded, expected");
        }

        if (probability == 0.5)
        {
            return 0;
        }

        var p = Math.Min(probability, 1 - probability);
        // Bracket: the lower tail falls at least as fast as that of a power law, so doubling finds it.
        double near = 0, far = -1;
        while (Cdf(far, freedom) > p)
        {
            near = far;
            far *= 2;
        }

        for (var i = 0; i < 20; i++)
        {
            var middle = (near + far) / 2;
            (near, far) = Cdf(middle, freedom) > p ? (middle, far) : (near, middle);
        }

        var t = (near + far) / 2;
        var logScale = SpecialFunctions.LogGammaHalfStep(freedom / 2) - 0.5 * Math.Log(freedom * Math.PI);
        for (var i = 0; i < 4; i++)
        {
            var density = Math.Exp(logScale - (freedom + 1) / 2 * SpecialFunctions.LogOnePlus(t * t / freedom));
            t -= (Cdf(t, freedom) - p) / density;
        }

        return probability < 0.5 ? t : -t;
    }
}
