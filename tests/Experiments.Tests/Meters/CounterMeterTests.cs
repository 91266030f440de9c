using EnergyTTT.Experiments.Meters;

namespace EnergyTTT.Experiments.Tests.Meters;

public class CounterMeterTests
{
    [Fact]
    public void Tokens_at_a_tick_lie_in_proportion_between_two_notes_of_progress()
    {
        List<(long, long)> progress = [(100, 0), (200, 64), (200, 64), (400, 192)];

        Assert.Equal(0, CounterMeter.Completed(progress, 50));
        Assert.Equal(0, CounterMeter.Completed(progress, 100));
        Assert.Equal(32, CounterMeter.Completed(progress, 150));
        Assert.Equal(64, CounterMeter.Completed(progress, 200));
        Assert.Equal(128, CounterMeter.Completed(progress, 300));
        Assert.Equal(192, CounterMeter.Completed(progress, 500));
    }
}
