using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Portal.Fleets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace EnergyTTT.Portal.Tests.Fleets;

public sealed class FleetFeedTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));
    private readonly FakeFleet _fleet;
    private readonly FleetFeed _feed;

    public FleetFeedTests()
    {
        _fleet = new FakeFleet(_clock) { Count = 16 };
        _feed = Feed(_fleet);
    }

    public void Dispose() => _feed.Dispose();

    [Fact]
    public void Before_the_first_answer_the_view_is_loading() => Assert.Equal(FleetFace.Loading, _feed.Latest.Face);

    [Fact]
    public async Task One_poll_serves_every_subscriber_the_same_view()
    {
        using var first = _feed.Subscribe();
        using var second = _feed.Subscribe();

        await _feed.Poll(CancellationToken.None);

        Assert.Same(_feed.Latest, await Next(first));
        Assert.Same(_feed.Latest, await Next(second));
        Assert.Equal(1, _fleet.Asked);
    }

    [Fact]
    public async Task A_slow_subscriber_gets_the_newest_view_and_holds_nobody_up()
    {
        using var slow = _feed.Subscribe();

        for (var i = 0; i < 100; i++)
        {
            await _feed.Poll(CancellationToken.None);
        }

        Assert.Equal(100, (await Next(slow)).Snapshot.Version);
    }

    [Fact]
    public async Task A_disposed_subscription_ends_and_is_forgotten()
    {
        var subscription = _feed.Subscribe();
        Assert.Equal(1, _feed.Subscribers);

        subscription.Dispose();
        await _feed.Poll(CancellationToken.None);

        Assert.Equal(0, _feed.Subscribers);
        await foreach (var _ in subscription.Views())
        {
            Assert.Fail("a disposed subscription delivered a view");
        }
    }

    [Fact]
    public async Task Stopping_the_feed_ends_every_subscription()
    {
        await _feed.StartAsync(CancellationToken.None);
        var subscription = _feed.Subscribe();

        await _feed.StopAsync(CancellationToken.None);

        var views = 0;
        await foreach (var _ in subscription.Views())
        {
            views++;
        }

        Assert.InRange(views, 0, 1);
        Assert.Equal(0, _feed.Subscribers);
    }

    [Fact]
    public async Task A_fleet_that_fails_keeps_its_last_known_state_with_the_moment_it_went_away()
    {
        await _feed.Poll(CancellationToken.None);
        _fleet.Failure = new InvalidOperationException("no silo answers");
        var lost = _clock.GetUtcNow();
        await _feed.Poll(CancellationToken.None);
        _clock.Advance(TimeSpan.FromSeconds(7));

        await _feed.Poll(CancellationToken.None);

        Assert.Equal("no silo answers", _feed.Latest.Failure);
        Assert.Equal(lost, _feed.Latest.FailingSince);
        Assert.Equal(16, _feed.Latest.Snapshot.Gpus.Length);
        Assert.Equal(FleetFace.Full, _feed.Latest.Face);
    }

    [Fact]
    public async Task A_fleet_that_never_answered_shows_the_error()
    {
        _fleet.Failure = new InvalidOperationException("no silo answers");

        await _feed.Poll(CancellationToken.None);

        Assert.Equal(FleetFace.Error, _feed.Latest.Face);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_counts_as_failed_after_its_time()
    {
        var never = new TaskCompletionSource();
        _fleet.Gate = never.Task;
        var poll = _feed.Poll(CancellationToken.None);

        _clock.Advance(TimeSpan.FromSeconds(6));
        await poll;

        Assert.Equal("no answer within 5 s", _feed.Latest.Failure);
        never.SetResult();
    }

    [Fact]
    public async Task After_the_answer_returns_the_failure_is_gone()
    {
        _fleet.Failure = new InvalidOperationException("no silo answers");
        await _feed.Poll(CancellationToken.None);
        _fleet.Failure = null;

        await _feed.Poll(CancellationToken.None);

        Assert.Null(_feed.Latest.Failure);
        Assert.Null(_feed.Latest.FailingSince);
        Assert.Equal(FleetFace.Full, _feed.Latest.Face);
    }

    [Fact]
    public async Task A_fleet_grain_that_started_over_is_heard_again_although_its_versions_are_lower()
    {
        var source = new Restarting(_clock);
        using var feed = Feed(source);
        await feed.Poll(CancellationToken.None);
        source.Restart();

        for (var i = 0; i < 7; i++)
        {
            await feed.Poll(CancellationToken.None);
        }

        Assert.Equal(2, feed.Latest.Snapshot.Version);
    }

    private static async Task<FleetView> Next(FleetSubscription subscription)
    {
        await foreach (var view in subscription.Views(new CancellationTokenSource(TimeSpan.FromSeconds(10)).Token))
        {
            return view;
        }

        throw new InvalidOperationException("the subscription ended");
    }

    private FleetFeed Feed(IFleetSource source) => new(source, Options.Create(new FleetFeedOptions()), _clock, NullLogger<FleetFeed>.Instance);

    /// <summary>Answers as the grain does: null unless it has something newer than what the caller knows.</summary>
    private sealed class Restarting(TimeProvider clock) : IFleetSource
    {
        private long _version = 500;

        public void Restart() => _version = 2;

        public Task<FleetSnapshot?> Snapshot(long after, CancellationToken cancellationToken) =>
            Task.FromResult(_version > after ? new FleetSnapshot(_version, clock.GetUtcNow(), []) : null);
    }
}
