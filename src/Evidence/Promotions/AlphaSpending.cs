namespace EnergyTTT.Evidence.Promotions;

/// <summary>Shares one alpha among all epochs that a router will ever test, however many.</summary>
public static class AlphaSpending
{
    /// <summary><c>alpha_j = alpha 6 / (pi^2 j^2)</c> for the j-th test: they sum to alpha.</summary>
    /// <param name="alpha">In all, inside 0 to 1.</param>
    /// <param name="test">j, counted from 1.</param>
    /// <remarks>Source: union bound with the Basel series; spends most on the first tests, as a router's first proposals are its largest steps.</remarks>
    public static double Share(double alpha, int test)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(test, 1);
        if (!(alpha > 0 && alpha < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "an alpha between 0 and 1, both excluded, expected");
        }

        return alpha * 6 / (Math.PI * Math.PI * test * test);
    }
}
