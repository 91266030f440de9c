using EnergyTTT.History.Partitions;
using EnergyTTT.History.Series;
using EnergyTTT.History.Tests.Frames;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace EnergyTTT.History.Tests.Series;

public sealed class SeriesReaderTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private WriterUnderTest _history = null!; // InitializeAsync sets it before any test.

    private SeriesReader Reader => _history.Provider.GetRequiredService<SeriesReader>();

    public async Task InitializeAsync()
    {
        _history = await WriterUnderTest.Start(postgres.ConnectionString, services => services.AddSingleton<TimeProvider>(new FakeTimeProvider(Now)));

        // Two sites; ams has two racks; every host has one GPU. Written by every test of the class: a replay changes nothing.
        foreach (var (site, rack, host) in new[] { ("ams", "a1", "h1"), ("ams", "a1", "h2"), ("ams", "a2", "h3"), ("fra", "a1", "h4"), (null, null, "h5") })
        {
            var batch = TelemetryBatches.Make(host, Now, gpus: 1, seconds: 3) with { Site = site, Rack = rack };
            await _history.Writer.Write(batch, host == "h4" ? [.. batch.Frames.Select(frame => frame with { Origin = Origin.Simulated })] : batch.Frames, Now, CancellationToken.None);
        }
    }

    public async Task DisposeAsync() => await _history.DisposeAsync();

    [Fact]
    public async Task A_series_per_gpu_is_named_by_where_it_stands()
    {
        var answer = await Reader.Read(Query("power_average_watts"), CancellationToken.None);

        Assert.Equal(["h5", "h1", "h2", "h3", "h4"], answer.Series.Select(series => series.Host));
        var second = answer.Series[1];
        Assert.Equal(("GPU-h1-0", "h1", "a1", "ams", "GPU-h1-0", 1, Origin.Measured), (second.Gpu, second.Host, second.Rack, second.Site, second.Label, second.Gpus, second.Origin));
        Assert.Equal([100, 101, 102], second.Values);
        Assert.Equal(Now.AddSeconds(2), answer.Time(2));
    }

    [Fact]
    public async Task Racks_of_the_same_name_in_two_sites_are_two()
    {
        var answer = await Reader.Read(Query("energy_joules") with { By = SeriesGrouping.Rack }, CancellationToken.None);

        Assert.Equal([(null, "no rack", 1), ("ams", "a1", 2), ("ams", "a2", 1), ("fra", "a1", 1)], answer.Series.Select(series => (series.Site, series.Label, series.Gpus)));
        Assert.Equal([200, 202, 204], answer.Series[1].Values);
    }

    [Fact]
    public async Task Sites_hosts_and_the_fleet_add_power_up_and_average_degrees()
    {
        var sites = await Reader.Read(Query("power_average_watts") with { By = SeriesGrouping.Site }, CancellationToken.None);
        var hosts = await Reader.Read(Query("power_average_watts") with { By = SeriesGrouping.Host }, CancellationToken.None);
        var fleet = await Reader.Read(Query("power_average_watts") with { By = SeriesGrouping.Fleet }, CancellationToken.None);
        var heat = await Reader.Read(Query("temperature_celsius") with { By = SeriesGrouping.Fleet }, CancellationToken.None);

        Assert.Equal([("no site", 100), ("ams", 300), ("fra", 100)], sites.Series.Select(series => (series.Label, (int)series.Values[0]!.Value)));
        Assert.Equal(5, hosts.Series.Length);
        Assert.Equal([500, 505, 510], Assert.Single(fleet.Series).Values);
        Assert.Equal(("fleet", 5, Origin.Simulated), (fleet.Series[0].Label, fleet.Series[0].Gpus, fleet.Series[0].Origin));
        Assert.Equal([50, 51, 52], Assert.Single(heat.Series).Values);
    }

    [Fact]
    public async Task Filters_of_one_noun_widen_and_of_different_nouns_narrow()
    {
        Assert.Equal(["h1", "h3"], await Hosts(Query("energy_joules") with { Hosts = ["h1", "h3"] }));
        Assert.Equal(["h1", "h2"], await Hosts(Query("energy_joules") with { Racks = ["a1"], Sites = ["ams"] }));
        Assert.Equal(["h4"], await Hosts(Query("energy_joules") with { Racks = ["a1"], Sites = ["fra"] }));
        Assert.Equal(["h2"], await Hosts(Query("energy_joules") with { Gpus = ["GPU-h2-0"] }));
        Assert.Empty(await Hosts(Query("energy_joules") with { Gpus = ["GPU-h2-0"], Hosts = ["h1"] }));
    }

    [Fact]
    public async Task A_silent_sensor_and_a_gap_are_null()
    {
        var silent = await Reader.Read(Query("fan_ratio"), CancellationToken.None);
        var gap = await Reader.Read(Query("energy_joules") with { From = Now.AddSeconds(1), To = Now.AddSeconds(6), Hosts = ["h1"] }, CancellationToken.None);

        Assert.Empty(silent.Series);
        Assert.Equal([101, 102, null, null, null], Assert.Single(gap.Series).Values);
    }

    [Fact]
    public async Task Statistics_override_how_readings_combine()
    {
        var step = TimeSpan.FromSeconds(3);
        var query = Query("power_average_watts") with { Step = step, Hosts = ["h1", "h2"], By = SeriesGrouping.Fleet };

        Assert.Equal(202, await Value(query));
        Assert.Equal(101, await Value(query with { Statistic = SeriesStatistic.Average }));
        Assert.Equal(100, await Value(query with { Statistic = SeriesStatistic.Minimum }));
        Assert.Equal(102, await Value(query with { Statistic = SeriesStatistic.Maximum }));
    }

    [Fact]
    public async Task Derived_metrics_follow_from_frames()
    {
        var query = Query("energy_kwh") with { Step = TimeSpan.FromSeconds(3), Hosts = ["h1"] };

        Assert.Equal(303 / 3.6e6, (await Value(query))!.Value, 15);
        Assert.Equal(0.101, (await Value(query with { Metric = "joules_per_token" }))!.Value, 12);
        Assert.Equal(0, await Value(query with { Metric = "idle_watts" }));
    }

    [Fact]
    public async Task A_metric_that_does_not_exist_is_answered_with_those_that_do()
    {
        var refused = await Assert.ThrowsAsync<SeriesQueryException>(() => Reader.Read(Query("watts"), CancellationToken.None));

        Assert.Equal(("unknown_metric", "metric"), (refused.Code, refused.Parameter));
        Assert.Contains("power_average_watts, power_max_watts", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, null, "bad_range", "to")]
    [InlineData(10, 0, null, "bad_range", "to")]
    [InlineData(0, 10, 0.5, "bad_step", "step")]
    [InlineData(0, 10, 1.5, "bad_step", "step")]
    [InlineData(0, 10, 0.0, "bad_step", "step")]
    [InlineData(0, 200_000, 1.0, "bad_step", "step")]
    [InlineData(-2_000_000_000, 0, null, "bad_range", "from")]
    public async Task A_range_or_step_out_of_bounds_is_named(double from, double to, double? step, string code, string parameter)
    {
        var query = new SeriesQuery("energy_joules", Now.AddSeconds(from), Now.AddSeconds(to)) { Step = step is { } seconds ? TimeSpan.FromSeconds(seconds) : null };

        var refused = await Assert.ThrowsAsync<SeriesQueryException>(() => Reader.Read(query, CancellationToken.None));

        Assert.Equal((code, parameter), (refused.Code, refused.Parameter));
    }

    [Theory]
    [InlineData(10, 1, 1)]
    [InlineData(1_498, 1, 1)]
    [InlineData(1_500, 1, 2)]
    [InlineData(86_400, 1, 60)]
    [InlineData(7 * 86_400, 1, 600)]
    [InlineData(30 * 86_400, 1, 1_800)]
    [InlineData(365 * 86_400, 3_600, 21_600)]
    [InlineData(60, 60, 60)]
    public void The_step_is_round_and_keeps_a_series_within_1500_points(int range, int finest, int expected)
    {
        var step = SeriesSteps.Choose(TimeSpan.FromSeconds(range), TimeSpan.FromSeconds(finest));

        Assert.Equal(expected, step.TotalSeconds);
        Assert.True((range / step.TotalSeconds) + 2 <= SeriesSteps.MostPoints);
    }

    [Fact]
    public void A_century_is_charted_in_days() =>
        Assert.Equal(25, SeriesSteps.Choose(TimeSpan.FromDays(36_500), TimeSpan.FromHours(1)).TotalDays);

    [Fact]
    public void The_level_follows_the_age_of_the_range_and_the_number_of_gpus()
    {
        var retention = new RetentionOptions();

        Assert.Equal(1, Step(TimeSpan.FromMinutes(10), TimeSpan.Zero, gpus: 64));
        Assert.Equal(60, Step(TimeSpan.FromMinutes(10), TimeSpan.Zero, gpus: 10_000));
        Assert.Equal(1, Step(TimeSpan.FromMinutes(10), TimeSpan.FromDays(4), gpus: 1));
        Assert.Equal(60, Step(TimeSpan.FromMinutes(10), TimeSpan.FromDays(15), gpus: 1));
        Assert.Equal(3600, Step(TimeSpan.FromMinutes(10), TimeSpan.FromDays(40), gpus: 1));

        double Step(TimeSpan range, TimeSpan age, int gpus) =>
            SeriesPlan.Make(new SeriesQuery("tokens", Now - age - range, Now - age), gpus, Now, retention).Step.TotalSeconds;
    }

    [Fact]
    public void Points_lie_on_multiples_of_the_step_whatever_the_offset_of_the_question()
    {
        var asked = new DateTimeOffset(2026, 3, 29, 3, 17, 42, TimeSpan.FromHours(2));
        var plan = SeriesPlan.Make(new SeriesQuery("tokens", asked, asked.AddHours(2)) { Step = TimeSpan.FromHours(1) }, 1, Now, new RetentionOptions());

        Assert.Equal(new DateTimeOffset(2026, 3, 29, 1, 0, 0, TimeSpan.Zero), plan.From);
        Assert.Equal(new DateTimeOffset(2026, 3, 29, 4, 0, 0, TimeSpan.Zero), plan.To);
        Assert.Equal(3, plan.Points);
    }

    [Fact]
    public void Every_field_of_a_frame_that_is_a_number_is_a_metric()
    {
        var fields = typeof(Frame).GetProperties()
            .Where(property => property.Name is not ("Gpu" or "Sequence" or "Time" or "Seconds" or "Origin" or "EnergyMethod" or "ThrottleSeconds"))
            .Select(property => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name))
            .Concat(typeof(ThrottleSeconds).GetProperties().Where(property => property.CanWrite).Select(property => $"throttle_{System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name)}_seconds"));

        Assert.Equal(fields.Order(), MetricsCatalogue.All.Where(metric => !metric.Derived).Select(metric => metric.Name).Order());
    }

    private static SeriesQuery Query(string metric) => new(metric, Now, Now.AddSeconds(3));

    private async Task<IEnumerable<string?>> Hosts(SeriesQuery query) => (await Reader.Read(query, CancellationToken.None)).Series.Select(series => series.Host);

    private async Task<double?> Value(SeriesQuery query) => Assert.Single((await Reader.Read(query, CancellationToken.None)).Series).Values[0];
}
