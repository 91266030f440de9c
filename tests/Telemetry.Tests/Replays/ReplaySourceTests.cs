using EnergyTTT.Telemetry.Replays;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.Replays;

public sealed class ReplaySourceTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_same_seed_gives_the_same_gpus_with_the_same_readings()
    {
        var first = await Play(new ReplayOptions { Gpus = 20, Seed = 7, Boot = "b", Backfill = TimeSpan.FromSeconds(3) }, 9);
        var second = await Play(new ReplayOptions { Gpus = 20, Seed = 7, Boot = "b", Backfill = TimeSpan.FromSeconds(3) }, 9);
        var other = await Play(new ReplayOptions { Gpus = 20, Seed = 8, Boot = "b", Backfill = TimeSpan.FromSeconds(3) }, 9);

        Assert.Equal(first.SelectMany(batch => batch.Frames), second.SelectMany(batch => batch.Frames));
        Assert.NotEqual(first[0].Frames[0].Gpu, other[0].Frames[0].Gpu);
    }

    [Fact]
    public async Task Sixty_four_gpus_are_eight_hosts_in_four_racks_of_two_sites()
    {
        var batches = await Play(new ReplayOptions { Backfill = TimeSpan.FromSeconds(1) }, 8);

        Assert.Equal(64, batches.SelectMany(batch => batch.Frames).Select(frame => frame.Gpu).Distinct().Count());
        Assert.All(batches.SelectMany(batch => batch.Frames), frame => Assert.StartsWith("GPU-replay-", frame.Gpu.Value, StringComparison.Ordinal));
        Assert.Equal(["replay-001", "replay-002", "replay-003", "replay-004", "replay-005", "replay-006", "replay-007", "replay-008"], batches.Select(batch => batch.Host));
        Assert.Equal(["r01", "r01", "r02", "r02", "r03", "r03", "r04", "r04"], batches.Select(batch => batch.Rack));
        Assert.Equal(["ams", "ams", "fra", "fra", "ams", "ams", "fra", "fra"], batches.Select(batch => batch.Site));
        Assert.All(batches, batch => Assert.Equal(8, batch.Gpus!.Count));
    }

    [Fact]
    public void Going_round_the_trace_makes_no_jump_in_energy_or_tokens()
    {
        var source = new ReplaySource(new ReplayOptions { Gpus = 1 }, TimeProvider.System);
        var frames = Enumerable.Range(0, 1000).Select(second => source.Batch(source.Hosts[0], second, Noon.AddSeconds(second)).Frames.Single()).ToList();

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (long)i), frames.Select(frame => frame.Sequence));
        Assert.All(frames, frame => Assert.InRange(frame.EnergyJoules!.Value, 50, 800));
        Assert.All(frames, frame => Assert.True(frame.Tokens >= 0));
        Assert.Equal(frames[0] with { Sequence = 326, Time = frames[326].Time }, frames[326]);
    }

    [Theory]
    [InlineData(1.0, 7)]
    [InlineData(3.0, 21)]
    [InlineData(0.5, 3)]
    public void Speed_is_recorded_seconds_per_second(double speed, int recorded)
    {
        var source = new ReplaySource(new ReplayOptions { Gpus = 1, Speed = speed }, TimeProvider.System);
        var gpu = source.Hosts[0].Gpus[0];

        var frame = source.Batch(source.Hosts[0], 7, Noon).Frames.Single();

        var expected = RecordedTrace.H100.Frames[(gpu.Shift + recorded) % 326];
        Assert.Equal(expected with { Gpu = gpu.Gpu, Sequence = 7, Time = Noon }, frame);
    }

    [Fact]
    public async Task Live_frames_come_once_a_second_with_the_present_time()
    {
        var time = new FakeTimeProvider(Noon);
        var source = new ReplaySource(new ReplayOptions { Gpus = 1 }, time);
        await using var batches = source.Read(CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);

        for (var second = 1; second <= 3; second++)
        {
            var next = batches.MoveNextAsync();
            Assert.False(next.IsCompleted);
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.True(await next);
            Assert.Equal(Noon.AddSeconds(second), batches.Current.Frames[0].Time);
            Assert.Equal(second - 1, batches.Current.Frames[0].Sequence);
        }
    }

    [Fact]
    public async Task A_clock_set_back_by_an_hour_does_not_stop_the_replay()
    {
        var time = new SteppingClock(Noon);
        var source = new ReplaySource(new ReplayOptions { Gpus = 1 }, time);
        await using var batches = source.Read(CancellationToken.None).GetAsyncEnumerator(CancellationToken.None);
        var first = batches.MoveNextAsync();
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await first);

        time.Offset = TimeSpan.FromHours(-1);
        var next = batches.MoveNextAsync();
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await next.AsTask().WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(Noon.AddSeconds(2).AddHours(-1), batches.Current.Frames[0].Time);
        Assert.Equal(1, batches.Current.Frames[0].Sequence);
    }

    [Fact]
    public void Options_out_of_range_are_all_named()
    {
        var fault = Assert.Throws<ArgumentException>(() => new ReplaySource(new ReplayOptions { Gpus = 0, Speed = -1, Sites = [] }, TimeProvider.System));

        Assert.Contains("Gpus is 0; 1 to 100,000 expected", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Speed is -1", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Sites is empty", fault.Message, StringComparison.Ordinal);
    }

    private static async Task<List<TelemetryBatch>> Play(ReplayOptions options, int count)
    {
        var source = new ReplaySource(options, new FakeTimeProvider(Noon));
        var batches = new List<TelemetryBatch>();
        await foreach (var batch in source.Read(CancellationToken.None))
        {
            batches.Add(batch);
            if (batches.Count == count)
            {
                break;
            }
        }

        return batches;
    }

    private sealed class SteppingClock(DateTimeOffset start) : FakeTimeProvider(start)
    {
        public TimeSpan Offset { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Offset;
    }
}
