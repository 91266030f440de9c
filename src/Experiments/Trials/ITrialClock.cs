namespace EnergyTTT.Experiments.Trials;

/// <summary>The time that a trial lives in: the wall clock where work is measured, modelled seconds where it is modelled.</summary>
internal interface ITrialClock
{
    /// <summary>Seconds since some moment.</summary>
    double Seconds { get; }

    /// <summary>Lets time pass without work.</summary>
    /// <param name="seconds">The moment to wait for, by <see cref="Seconds"/>; returns at once when it has passed.</param>
    void WaitUntil(double seconds);
}

/// <summary>The wall clock.</summary>
internal sealed class WallClock(TimeProvider time) : ITrialClock
{
    private const double Doze = 0.003;
    private readonly long _began = time.GetTimestamp();

    public double Seconds => time.GetElapsedTime(_began).TotalSeconds;

    public void WaitUntil(double seconds)
    {
        // The last milliseconds awake: the system may sleep longer than it was asked to.
        while (seconds - Seconds is > 0 and var left)
        {
            if (left > Doze)
            {
                Thread.Sleep(TimeSpan.FromSeconds(left - Doze));
            }
            else
            {
                Thread.SpinWait(50);
            }
        }
    }
}
