namespace EnergyTTT.Grains.Tests.Rollouts;

/// <summary>A clock that runs several times as fast as the real one, timers included: a minute of a simulated fleet takes seconds.</summary>
public sealed class FastClock(double factor) : TimeProvider
{
    private readonly DateTimeOffset _start = System.GetUtcNow();
    private readonly long _startedAt = System.GetTimestamp();

    public override long TimestampFrequency => System.TimestampFrequency;

    public override DateTimeOffset GetUtcNow() => _start + (System.GetElapsedTime(_startedAt) * factor);

    public override long GetTimestamp() => (long)((System.GetTimestamp() - _startedAt) * factor);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => System.CreateTimer(callback, state, Slower(dueTime), Slower(period));

    private TimeSpan Slower(TimeSpan time) => time > TimeSpan.Zero ? TimeSpan.FromTicks(Math.Max(1, (long)(time.Ticks / factor))) : time;
}
