using EnergyTTT.History.Series;
using EnergyTTT.History.Tests.Frames;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Gpus;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace EnergyTTT.History.Tests.Series;

public sealed class SecondsTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task By_the_second_a_fleet_whose_frames_end_between_seconds_neither_loses_nor_repeats_a_gpu()
    {
        await using var history = await WriterUnderTest.Start(postgres.ConnectionString, services => services.AddSingleton<TimeProvider>(new FakeTimeProvider(Now)));
        var reader = history.Provider.GetRequiredService<SeriesReader>();

        // Two GPUs that always draw 100 W; the frames of one end at odd moments: none within the third second, two within the fifth.
        var even = TelemetryBatches.Make("even", Now.AddSeconds(30), gpus: 1, seconds: 8);
        var odd = TelemetryBatches.Make("odd", Now.AddSeconds(30), gpus: 1, seconds: 0);
        var gpu = GpuId.Parse("GPU-odd-0");
        double[] ends = [0.9, 1.95, 3.02, 4.01, 4.97, 5.9, 6.9, 7.9];
        var frames = ends.Select((end, i) => TelemetryBatches.Frame(gpu, i, Now.AddSeconds(30 + end), 0) with { Seconds = i == 0 ? 1 : end - ends[i - 1], PowerAverageWatts = 100, EnergyJoules = i == 0 ? 100 : 100 * (end - ends[i - 1]) });
        await history.Writer.Write(even, [.. even.Frames.Select(frame => frame with { PowerAverageWatts = 100, EnergyJoules = 100 })], Now, CancellationToken.None);
        await history.Writer.Write(odd with { Gpus = [even.Gpus![0] with { Gpu = gpu }] }, [.. frames], Now, CancellationToken.None);
        var query = new SeriesQuery("power_average_watts", Now.AddSeconds(31), Now.AddSeconds(37)) { By = SeriesGrouping.Fleet, Step = TimeSpan.FromSeconds(1) };

        var power = await reader.Read(query, CancellationToken.None);
        var energy = await reader.Read(query with { Metric = "energy_joules" }, CancellationToken.None);

        Assert.All(Assert.Single(power.Series).Values, watts => Assert.Equal(200, watts!.Value, 3)); // Every second has both GPUs.
        Assert.All(Assert.Single(energy.Series).Values, joules => Assert.Equal(200, joules!.Value, 3)); // As above.
    }
}
