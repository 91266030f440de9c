using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.Uploads;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.Uploads;

/// <summary>The real uploader with a real buffer on disk, against a real HTTP server that fails.</summary>
public sealed class UploaderTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("ettt-buffer-").FullName;
    private readonly FakeServer _server = new();
    private readonly HttpClient _client = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly StringWriter _log = new();

    [Fact]
    public async Task What_is_taken_in_arrives_once_and_in_order()
    {
        await using var uploader = Uploader();
        Enqueue(uploader, 0, 20);

        Assert.True(await uploader.Drain(TimeSpan.FromSeconds(10)));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), _server.Sequences("GPU-a"));
        Assert.Equal((40, 0), (_server.Stored, _server.Repeats));
        Assert.Equal((40L, 0L), (uploader.Statistics.Accepted, uploader.Statistics.Duplicates));
        Assert.All(_server.Batches, batch => Assert.Equal(("agent/h", "boot-1", "ams", "r1", "h"), (batch.Source, batch.Boot, batch.Site, batch.Rack, batch.Host)));
        Assert.All(_server.Batches, batch => Assert.NotNull(batch.Sent));
        Assert.Equal("NVIDIA H100", _server.Batches[0].Gpus![0].Model);
    }

    [Fact]
    public async Task A_server_that_was_away_gets_everything_in_order_without_loss_or_double()
    {
        await using var uploader = Uploader();
        Enqueue(uploader, 0, 5);
        await uploader.Drain(TimeSpan.FromSeconds(10));
        _server.Stop();

        Enqueue(uploader, 5, 60);
        await Until(() => uploader.Statistics.Failures >= 2);
        Assert.False(uploader.Empty);
        _server.Start();

        Assert.True(await uploader.Drain(TimeSpan.FromSeconds(10)));
        Assert.Equal(Enumerable.Range(0, 65).Select(i => (long)i), _server.Sequences("GPU-a"));
        Assert.Equal((130, 0), (_server.Stored, _server.Repeats));
        Assert.Contains("delivering again", _log.ToString(), StringComparison.Ordinal);
        // Caught up in large messages, not one by one.
        Assert.InRange(_server.Batches.Count, 2, 14);
    }

    [Fact]
    public async Task The_next_run_sends_what_the_last_one_left_with_its_own_boot_and_sequence()
    {
        _server.Stop();
        await using (var first = Uploader())
        {
            Enqueue(first, 0, 7, "boot-1");
        }

        _server.Start();
        await using var second = Uploader();
        Enqueue(second, 0, 3, "boot-2");

        Assert.True(await second.Drain(TimeSpan.FromSeconds(10)));
        var seen = _server.Batches.SelectMany(batch => batch.Frames.Where(frame => frame.Gpu.Value == "GPU-a").Select(frame => $"{batch.Boot}/{frame.Sequence}"));
        Assert.Equal(["boot-1/0", "boot-1/1", "boot-1/2", "boot-1/3", "boot-1/4", "boot-1/5", "boot-1/6", "boot-2/0", "boot-2/1", "boot-2/2"], seen);
    }

    [Fact]
    public async Task A_lost_acknowledgement_is_repeated_and_counted_as_a_duplicate()
    {
        var looks = 0;
        _server.Decide = (_, _) => Interlocked.Increment(ref looks) == 1 ? new FakeServer.Reply(0, LoseAnswer: true) : null;
        await using var uploader = Uploader();
        Enqueue(uploader, 0, 1);

        Assert.True(await uploader.Drain(TimeSpan.FromSeconds(10)));
        Assert.Equal((2, 2), (_server.Stored, _server.Repeats));
        Assert.Equal((0L, 2L), (uploader.Statistics.Accepted, uploader.Statistics.Duplicates));
    }

    [Fact]
    public async Task Too_many_requests_waits_as_long_as_the_server_asks()
    {
        var busy = true;
        _server.Decide = (_, _) => busy ? new FakeServer.Reply(429, "{}", RetryAfter: "1") : null;
        await using var uploader = Uploader();
        Enqueue(uploader, 0, 1);
        await Until(() => uploader.Statistics.Failures == 1);
        busy = false;

        await Task.Delay(TimeSpan.FromMilliseconds(700));
        Assert.Equal(1, _server.Requests);
        Assert.True(await uploader.Drain(TimeSpan.FromSeconds(10)));
        Assert.Equal(2, _server.Stored);
        Assert.Equal(2, _server.Requests);
    }

    [Fact]
    public async Task Pauses_grow_while_the_server_fails()
    {
        _server.Decide = (_, _) => new FakeServer.Reply(500, "boom");
        await using var uploader = Uploader(first: TimeSpan.FromMilliseconds(50), longest: TimeSpan.FromSeconds(10));
        Enqueue(uploader, 0, 1);

        await Task.Delay(TimeSpan.FromSeconds(1.5));

        // 50, 100, 200, 400, 800 ms, each shortened by at most half: 4 to 7 tries, where an even pace of 50 ms would have made 30.
        Assert.InRange(_server.Requests, 3, 7);
    }

    [Fact]
    public async Task Single_refusals_are_logged_counted_and_not_repeated()
    {
        _server.Decide = (_, batch) => new FakeServer.Reply(200,
            $$"""{"accepted":{{batch!.Frames.Count - 1}},"duplicates":0,"rejected":[{"index":1,"field":"power_average_watts","code":"too_large","reason":"2,000 W is above 1.5 x 700 W"},{"index":0,"field":"temperature_celsius","code":"sentinel","reason":"blank"}]}""");
        await using var uploader = Uploader();
        Enqueue(uploader, 0, 1);

        Assert.True(await uploader.Drain(TimeSpan.FromSeconds(10)));
        Assert.Equal((1L, 1L), (uploader.Statistics.Accepted, uploader.Statistics.Rejected));
        Assert.Contains("power_average_watts too_large: 2,000 W is above 1.5 x 700 W", _log.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("sentinel", _log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_refused_as_a_whole_is_split_until_only_the_bad_part_is_given_up()
    {
        _server.Decide = (_, batch) => batch!.Frames.Any(frame => frame.Sequence == 13) ? new FakeServer.Reply(400, "no") : null;
        _server.Stop();
        await using var uploader = Uploader();
        Enqueue(uploader, 0, 30);
        _server.Start();

        Assert.True(await uploader.Drain(TimeSpan.FromSeconds(15)));
        Assert.Equal(Enumerable.Range(0, 30).Where(i => i != 13).Select(i => (long)i), _server.Sequences("GPU-a"));
        Assert.Equal(2, uploader.Statistics.Refused);
        Assert.Contains("refused a message of 2 frames for good", _log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_key_keeps_the_frames_until_the_key_is_exchanged()
    {
        var key = "ettt_old";
        _server.Decide = (request, _) => request.Headers["Authorization"] == "Bearer ettt_new" ? null : new FakeServer.Reply(401);
        await using var uploader = Uploader(key: () => key);
        Enqueue(uploader, 0, 3);
        await Until(() => uploader.Statistics.Failures >= 1);
        key = "ettt_new";

        Assert.True(await uploader.Drain(TimeSpan.FromSeconds(10)));
        Assert.Equal(6, _server.Stored);
    }

    [Fact]
    public async Task A_host_whose_key_is_refused_does_not_hold_up_another()
    {
        _server.Decide = (_, batch) => batch!.Host == "other" ? new FakeServer.Reply(403) : null;
        await using var uploader = Uploader();
        uploader.Enqueue(Batch(0, "boot-1") with { Host = "other" });
        Enqueue(uploader, 0, 5);

        await Until(() => _server.Stored == 10);
        Assert.False(uploader.Empty);
    }

    [Fact]
    public async Task A_page_that_is_no_receipt_acknowledges_nothing()
    {
        var proxy = true;
        _server.Decide = (_, _) => proxy ? new FakeServer.Reply(200, "<html>welcome</html>") : null;
        await using var uploader = Uploader();
        Enqueue(uploader, 0, 1);
        await Until(() => uploader.Statistics.Failures >= 1);
        Assert.False(uploader.Empty);
        proxy = false;

        Assert.True(await uploader.Drain(TimeSpan.FromSeconds(10)));
        Assert.Equal(2, _server.Stored);
    }

    [Fact]
    public async Task A_buffer_in_use_is_refused_with_the_way_out()
    {
        await using var first = Uploader();

        var fault = Assert.Throws<IOException>(() => Uploader());

        Assert.Contains("--buffer", fault.Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
        _log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static void Enqueue(Uploader uploader, int first, int count, string boot = "boot-1")
    {
        for (var i = first; i < first + count; i++)
        {
            uploader.Enqueue(Batch(i, boot));
        }
    }

    private static TelemetryBatch Batch(int sequence, string boot) => new()
    {
        Source = "agent/h",
        Boot = boot,
        Site = "ams",
        Rack = "r1",
        Host = "h",
        Gpus = sequence == 0 ? [new GpuDescription { Gpu = GpuId.Parse("GPU-a"), Model = "NVIDIA H100" }] : null,
        Frames = [Frame("GPU-a", sequence), Frame("GPU-b", sequence)],
    };

    private static Frame Frame(string gpu, int sequence) => new()
    {
        Gpu = GpuId.Parse(gpu), Sequence = sequence, Time = Noon.AddSeconds(sequence), Seconds = 1, Origin = Origin.Measured, EnergyJoules = 70, EnergyMethod = EnergyMethod.Counter,
    };

    private static async Task Until(Func<bool> condition)
    {
        for (var i = 0; i < 500 && !condition(); i++)
        {
            await Task.Delay(20);
        }

        Assert.True(condition());
    }

    private Uploader Uploader(Func<string?>? key = null, TimeSpan? first = null, TimeSpan? longest = null) => new(
        new UploadOptions
        {
            Server = _server.Address,
            Key = key ?? (() => null),
            BufferFolder = _folder,
            FirstRetry = first ?? TimeSpan.FromMilliseconds(20),
            LongestRetry = longest ?? TimeSpan.FromMilliseconds(200),
        },
        _client, TimeProvider.System, new Random(1), new StreamLog(_log, TimeProvider.System));
}
