namespace EnergyTTT.Routing.Biases;

/// <summary>One-dimensional minimisation by golden section.</summary>
public static class GoldenSection
{
    private static readonly double Ratio = (Math.Sqrt(5) - 1) / 2;

    /// <summary>
    /// A minimiser of <paramref name="function"/> on [0, <paramref name="greatest"/>] whose value is at most that at 0 and at the upper end; exactly the minimum, to the tolerance, when the function has
    /// one valley. A tie goes to 0: without a gain nothing moves.
    /// </summary>
    /// <param name="function">Any function; values that are not finite count as infinitely bad.</param>
    /// <param name="greatest">Upper end, 0 or more.</param>
    /// <param name="evaluations">Calls of the function inside the interval, 2 or more; each narrows it by 0.618.</param>
    /// <remarks>Source: Kiefer 1953. That 0 is always a candidate is what makes a term harmless on its own data (router specification 3.5).</remarks>
    public static double Minimise(Func<double, double> function, double greatest, int evaluations = 12)
    {
        ArgumentNullException.ThrowIfNull(function);
        if (!(greatest >= 0) || !double.IsFinite(greatest))
            throw new ArgumentOutOfRangeException(nameof(greatest), greatest, "a finite upper end of 0 or more expected");

        var (best, bestValue) = (0.0, Value(0));
        if (greatest == 0)
            return 0;
        Try(greatest);
        var (low, high) = (0.0, greatest);
        var (left, right) = (high - (Ratio * (high - low)), low + (Ratio * (high - low)));
        var (leftValue, rightValue) = (Try(left), Try(right));
        for (var i = 2; i < evaluations; i++)
        {
            if (leftValue <= rightValue)
            {
                (high, right, rightValue) = (right, left, leftValue);
                left = high - (Ratio * (high - low));
                leftValue = Try(left);
            }
            else
            {
                (low, left, leftValue) = (left, right, rightValue);
                right = low + (Ratio * (high - low));
                rightValue = Try(right);
            }
        }

        return best;

        double Value(double x) => function(x) is var y && double.IsFinite(y) ? y : double.PositiveInfinity;

        double Try(double x)
        {
            var y = Value(x);
            if (y < bestValue)
                (best, bestValue) = (x, y);
            return y;
        }
    }
}
