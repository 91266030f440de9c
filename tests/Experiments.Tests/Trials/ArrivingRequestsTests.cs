using EnergyTTT.Experiments.Decoding;
using EnergyTTT.Experiments.Trials;

namespace EnergyTTT.Experiments.Tests.Trials;

public class ArrivingRequestsTests
{
    [Fact]
    public void A_batch_begins_when_enough_wait_and_every_request_knows_how_long_it_took()
    {
        var clock = new HandClock { Seconds = 100 };
        var feed = new ArrivingRequests([(1, 0), (2, 1), (3, 2), (10, 3)], new WaitingRoom([], 4), 2, byAffinity: false);

        // The first two are there when the trial begins: one came a second before.
        Assert.Equal([0, 1], feed.Next(clock)!);
        clock.Seconds += 0.5;
        feed.Done(clock);
        Assert.Equal([2, 3], feed.Next(clock)!);
        clock.Seconds += 0.25;
        feed.Done(clock);

        Assert.Null(feed.Next(clock));
        Assert.Equal(7.5, feed.IdleSeconds, 1e-9);
        Assert.Equal([1_000.0, 0, 7_000, 0], feed.Milliseconds.Queue.Select(wait => Math.Round(wait, 6)));
        Assert.Equal([1_500.0, 500, 7_250, 250], feed.Milliseconds.Latency.Select(wait => Math.Round(wait, 6)));
    }

    [Fact]
    public void Who_comes_while_a_batch_is_at_work_waits_for_it()
    {
        var clock = new HandClock();
        var feed = new ArrivingRequests([(1, 0), (2, 1)], new WaitingRoom([], 2), 1, byAffinity: false);

        feed.Next(clock);
        clock.Seconds += 5;
        feed.Done(clock);
        feed.Next(clock);

        Assert.Equal(0, feed.IdleSeconds);
        Assert.Equal([0.0, 4_000], feed.Milliseconds.Queue);
    }

    [Fact]
    public void Paced_requests_come_evenly_and_poisson_ones_as_often_on_average()
    {
        Assert.Equal([0.5, 1, 1.5], Arrivals.Of(ArrivalPattern.Paced, 3, 2, 1));

        var moments = Arrivals.Of(ArrivalPattern.Poisson, 20_000, 50, 7);
        var gaps = moments.Zip(moments.Skip(1), (a, b) => b - a).ToArray();

        Assert.Equal(moments, Arrivals.Of(ArrivalPattern.Poisson, 20_000, 50, 7));
        Assert.InRange(gaps.Average(), 0.0194, 0.0206);
        Assert.InRange(gaps.Count(gap => gap > 0.02) / (double)gaps.Length, 0.355, 0.38); // exp(-1) = 0.368
    }

    private sealed class HandClock : ITrialClock
    {
        public double Seconds { get; set; }

        public void WaitUntil(double seconds) => Seconds = Math.Max(Seconds, seconds);
    }
}
