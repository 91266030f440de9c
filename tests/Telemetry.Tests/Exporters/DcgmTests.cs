using System.Net;
using EnergyTTT.Telemetry.Exporters;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Telemetry.Sources;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace EnergyTTT.Telemetry.Tests.Exporters;

public sealed class DcgmTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private const string Old = """
        # HELP DCGM_FI_DEV_GPU_TEMP GPU temperature (in C).
        # TYPE DCGM_FI_DEV_GPU_TEMP gauge
        DCGM_FI_DEV_GPU_TEMP{gpu="0",UUID="GPU-a",pci_bus_id="00000000:19:00.0",device="nvidia0",modelName="NVIDIA H100 80GB HBM3",Hostname="node-1",DCGM_FI_DRIVER_VERSION="550.54"} 66
        DCGM_FI_DEV_MEMORY_TEMP{gpu="0",UUID="GPU-a",Hostname="node-1"} 75
        DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",Hostname="node-1"} 611.5
        DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0",UUID="GPU-a",Hostname="node-1"} @
        DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-a",Hostname="node-1"} 97
        DCGM_FI_DEV_FB_USED{gpu="0",UUID="GPU-a",Hostname="node-1"} 13556
        DCGM_FI_DEV_FB_FREE{gpu="0",UUID="GPU-a",Hostname="node-1"} 68003
        DCGM_FI_DEV_SM_CLOCK{gpu="0",UUID="GPU-a",Hostname="node-1"} 1980
        """;

    private const string New = """
        DCGM_FI_DEV_GPU_TEMP_CELSIUS{gpu="0",UUID="GPU-a",modelName="NVIDIA H100 80GB HBM3",hostname="node-1"} 66
        DCGM_FI_DEV_MEMORY_TEMP_CELSIUS{gpu="0",UUID="GPU-a",hostname="node-1"} 75
        DCGM_FI_DEV_BOARD_POWER_WATTS{gpu="0",UUID="GPU-a",hostname="node-1"} 611.5
        DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0",UUID="GPU-a",hostname="node-1"} @
        DCGM_FI_DEV_GPU_UTIL_RATIO{gpu="0",UUID="GPU-a",hostname="node-1"} 97
        DCGM_FI_DEV_FB_USED{gpu="0",UUID="GPU-a",hostname="node-1"} 13556
        DCGM_FI_DEV_FB_FREE{gpu="0",UUID="GPU-a",hostname="node-1"} 68003
        DCGM_FI_DEV_SM_CLOCK{gpu="0",UUID="GPU-a",hostname="node-1"} 1980
        """;

    [Theory]
    [InlineData(Old)]
    [InlineData(New)]
    public async Task Both_generations_of_names_give_the_same_frame(string page)
    {
        var batches = await Scrape(3, second => page.Replace("@", $"{1_000_000 + 611_500 * second}", StringComparison.Ordinal));

        Assert.All(batches, batch => Assert.Equal(("dcgm/node-1", "node-1"), (batch.Source, batch.Host)));
        Assert.Equal("NVIDIA H100 80GB HBM3", batches[0].Gpus![0].Model);
        var frame = batches.SelectMany(batch => batch.Frames).First();
        Assert.Equal((1.0, 611.5, EnergyMethod.Counter), (frame.Seconds, frame.EnergyJoules, frame.EnergyMethod));
        Assert.Equal((611.5, 66.0, 75.0, 0.97), (frame.PowerAverageWatts, frame.TemperatureCelsius, frame.MemoryTemperatureCelsius, frame.UtilizationRatio));
        Assert.Equal((13556L << 20, (13556L + 68003) << 20, 1.98e9), (frame.MemoryUsedBytes, frame.MemoryTotalBytes, frame.SmClockHertz));
        Assert.Null(frame.ThermalMarginCelsius);
        Assert.Null(frame.ThrottleSeconds);
    }

    [Fact]
    public async Task An_exporter_that_renews_every_30_seconds_makes_frames_of_30_seconds()
    {
        var batches = await Scrape(95, second => Old.Replace("@", $"{1_000_000 + 611_500L * (second / 30 * 30)}", StringComparison.Ordinal));

        var frames = batches.SelectMany(batch => batch.Frames).ToList();
        Assert.Equal([30.0, 30.0, 30.0], frames.Select(frame => frame.Seconds));
        Assert.All(frames, frame => Assert.Equal(611.5 * 30, frame.EnergyJoules!.Value, 6));
    }

    [Theory]
    [InlineData("9223372036854775794")]
    [InlineData("9223372036854775792")]
    [InlineData("2147483632")]
    [InlineData("140737488355328")]
    [InlineData("140737488355330.0")]
    [InlineData("NaN")]
    [InlineData("+Inf")]
    public async Task Blanks_become_null(string blank)
    {
        var page = Old.Replace("} 66", "} " + blank, StringComparison.Ordinal).Replace("} 1980", "} " + blank, StringComparison.Ordinal);
        var batches = await Scrape(3, second => page.Replace("@", $"{1_000_000 + 611_500 * second}", StringComparison.Ordinal));

        var frame = batches.SelectMany(batch => batch.Frames).First();
        Assert.Null(frame.TemperatureCelsius);
        Assert.Null(frame.SmClockHertz);
        Assert.Equal(75.0, frame.MemoryTemperatureCelsius);
    }

    [Fact]
    public async Task A_card_in_MIG_mode_is_counted_once()
    {
        const string Mig = """
            DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",GPU_I_ID="1",GPU_I_PROFILE="3g.40gb",Hostname="node-1"} 400
            DCGM_FI_DEV_POWER_USAGE{gpu="0",UUID="GPU-a",GPU_I_ID="2",GPU_I_PROFILE="3g.40gb",Hostname="node-1"} 400
            DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0",UUID="GPU-a",GPU_I_ID="1",Hostname="node-1"} @
            DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION{gpu="0",UUID="GPU-a",GPU_I_ID="2",Hostname="node-1"} @
            DCGM_FI_DEV_FB_USED{gpu="0",UUID="GPU-a",GPU_I_ID="1",Hostname="node-1"} 100
            DCGM_FI_DEV_FB_USED{gpu="0",UUID="GPU-a",GPU_I_ID="2",Hostname="node-1"} 200
            """;
        var batches = await Scrape(3, second => Mig.Replace("@", $"{1_000_000 + 400_000 * second}", StringComparison.Ordinal));

        var frame = batches.SelectMany(batch => batch.Frames).First();
        Assert.Equal((400.0, 400.0), (frame.EnergyJoules, frame.PowerAverageWatts));
        Assert.Null(frame.MemoryUsedBytes);
    }

    [Fact]
    public async Task Several_hosts_behind_one_endpoint_are_batches_of_their_own()
    {
        var page = Old + "\n" + Old.Replace("GPU-a", "GPU-b", StringComparison.Ordinal).Replace("node-1", "node-2", StringComparison.Ordinal);
        var batches = await Scrape(3, second => page.Replace("@", $"{1_000_000 + 611_500 * second}", StringComparison.Ordinal));

        Assert.Equal(["node-1", "node-2"], batches.Select(batch => batch.Host).Distinct().Order());
        Assert.All(batches, batch => Assert.All(batch.Frames, frame => Assert.Equal(batch.Host == "node-1" ? "GPU-a" : "GPU-b", frame.Gpu.Value)));
    }

    [Fact]
    public async Task An_exporter_that_does_not_answer_is_a_fault_of_its_host_and_not_a_crash()
    {
        var time = new FakeTimeProvider(Noon);
        using var client = new HttpClient(new Page(() => throw new HttpRequestException("connection refused")));
        await using var source = Source(client, time);

        var host = Assert.Single(await source.Describe(CancellationToken.None));

        Assert.Empty(host.Gpus);
        Assert.Contains("answered no GPU metrics", host.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Label_values_may_hold_anything()
    {
        var sample = Assert.Single(PrometheusSample.Parse("m{a=\"x,y}=\\\"z\\\"\",b=\"\"} 1.5 1700000000000\n# m 2\nnonsense\nm{a=\"open} 3\n"));

        Assert.Equal(("x,y}=\"z\"", "", 1.5), (sample.Labels["a"], sample.Labels["b"], sample.Value));
    }

    private static DcgmExporterSource Source(HttpClient client, TimeProvider time) => new(
        new DcgmOptions { Endpoints = [new Uri("http://node-1:9400/metrics")], Place = new HostPlace("near", "ams", "r1"), Boot = "b" }, client, time, StreamLog.None);

    private static async Task<List<TelemetryBatch>> Scrape(int seconds, Func<int, string> page)
    {
        var scrapes = 0;
        using var stop = new CancellationTokenSource();
        using var client = new HttpClient(new Page(() =>
        {
            if (scrapes > seconds)
            {
                stop.Cancel();
            }

            return page(scrapes++);
        }));
        await using var source = Source(client, new JumpingClock());
        var batches = new List<TelemetryBatch>();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var batch in source.Read(stop.Token))
            {
                batches.Add(batch);
            }
        });
        return batches;
    }

    /// <summary>A clock that jumps to the end of whatever is waited for.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        private TimeSpan _passed;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _passed.Ticks;

        public override DateTimeOffset GetUtcNow() => Noon + _passed;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _passed += dueTime > TimeSpan.Zero ? dueTime : TimeSpan.Zero;
            return System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private sealed class Page(Func<string> text) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(text()) });
    }
}
