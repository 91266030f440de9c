namespace EnergyTTT.History.Series;

/// <summary>Chooses the distance of points.</summary>
public static class SeriesSteps
{
    /// <summary>Points that a series has at most when no step is asked for.</summary>
    public const int MostPoints = 1500;

    /// <summary>Points that a series has at most when a step is asked for.</summary>
    public const int MostPointsOnRequest = 100_000;

    private static readonly TimeSpan[] Nice =
    [
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(1), TimeSpan.FromHours(2), TimeSpan.FromHours(3), TimeSpan.FromHours(6), TimeSpan.FromHours(12), TimeSpan.FromDays(1),
    ];

    /// <summary>The smallest round step, not below <paramref name="finest"/>, that needs at most <see cref="MostPoints"/> points; beyond days, whole days.</summary>
    public static TimeSpan Choose(TimeSpan range, TimeSpan finest)
    {
        foreach (var step in Nice)
        {
            // One more for the part of a step at each end.
            if (step >= finest && (range.Ticks / step.Ticks) + 2 <= MostPoints)
            {
                return step;
            }
        }

        return TimeSpan.FromDays(Math.Ceiling(range.TotalDays / (MostPoints - 2)));
    }
}
