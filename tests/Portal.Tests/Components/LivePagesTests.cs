using System.Text.Json;
using Bunit;
using EnergyTTT.Portal.Charts;
using EnergyTTT.Portal.Components.Pages.Fleets;
using EnergyTTT.Portal.Components.Pages.Gpus;
using EnergyTTT.Portal.Components.Pages.Overviews;
using EnergyTTT.Portal.Tests.Fleets;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Portal.Tests.Components;

public sealed class LivePagesTests : IDisposable
{
    private readonly PageContext _page = new();

    public void Dispose() => _page.Dispose();

    [Fact]
    public async Task The_overview_pushes_one_moment_for_all_its_charts()
    {
        await _page.Tick();
        var shown = _page.Render<OverviewPage>();

        var view = await _page.Tick();

        shown.WaitForAssertion(() => Assert.Single(_page.JSInterop.Invocations["energyTTT.push"]));
        var moment = Assert.IsType<LiveMoment>(_page.JSInterop.Invocations["energyTTT.push"][0].Arguments[0]);
        Assert.Equal(view.Now.ToUnixTimeMilliseconds() / 1000.0, moment.T);
        Assert.Equal([view.Totals.PowerWatts], moment.Values["fleet-power"]);
        Assert.Equal([view.Totals.TemperatureMaxCelsius, view.Totals.MemoryTemperatureMaxCelsius, view.Totals.TemperatureMeanCelsius], moment.Values["fleet-temperature"]);
        Assert.Equal(shown.FindAll("ettt-chart").Select(chart => chart.GetAttribute("name")).Order(), moment.Values.Keys.Order());
    }

    [Fact]
    public async Task A_live_moment_has_a_value_for_every_series_of_every_chart()
    {
        await _page.Tick();
        _page.GoTo("/gpus?var-gpu=" + FakeFleet.Id(2));
        var shown = _page.Render<GpusPage>();

        await _page.Tick();

        shown.WaitForAssertion(() => Assert.Single(_page.JSInterop.Invocations["energyTTT.push"]));
        var moment = Assert.IsType<LiveMoment>(_page.JSInterop.Invocations["energyTTT.push"][0].Arguments[0]);
        foreach (var chart in shown.FindAll("ettt-chart"))
        {
            var series = JsonSerializer.Deserialize<JsonElement>(chart.GetAttribute("series") ?? "");
            Assert.Equal(series.GetArrayLength(), moment.Values[chart.GetAttribute("name") ?? ""].Length);
        }
    }

    [Fact]
    public async Task The_attributes_of_a_sliding_chart_stay_as_they_are_while_time_goes_on()
    {
        await _page.Tick();
        var shown = _page.Render<OverviewPage>();
        string[] Attributes() => [.. shown.FindAll("ettt-chart").Select(chart => string.Join('|', chart.Attributes.Select(attribute => attribute.Value)))];
        var before = Attributes();

        await _page.Tick(30);
        shown.WaitForAssertion(() => Assert.NotEmpty(_page.JSInterop.Invocations["energyTTT.push"]));

        Assert.Equal(before, Attributes());
        Assert.All(shown.FindAll("ettt-chart"), chart => Assert.Equal("900", chart.GetAttribute("span")));
    }

    [Fact]
    public async Task A_paused_page_holds_its_numbers_and_pushes_nothing()
    {
        await _page.Tick();
        _page.GoTo("/?refresh=off");
        var shown = _page.Render<OverviewPage>();
        var before = shown.Find("[data-testid=fleet-power]").TextContent;

        await _page.Tick(20);
        await _page.Tick(20);

        Assert.Equal(before, shown.Find("[data-testid=fleet-power]").TextContent);
        Assert.Empty(_page.JSInterop.Invocations["energyTTT.push"]);
        Assert.Equal("Go on", shown.Find("[data-testid=pause]").GetAttribute("aria-label"));
    }

    [Fact]
    public async Task A_slower_refresh_takes_only_every_fifth_view()
    {
        await _page.Tick();
        _page.GoTo("/?refresh=5s");
        var shown = _page.Render<OverviewPage>();

        for (var i = 0; i < 10; i++)
        {
            var view = await _page.Tick();
            if ((i + 1) % 5 == 0)
            {
                shown.WaitForAssertion(() => Assert.Equal((i + 1) / 5, _page.JSInterop.Invocations["energyTTT.push"].Count));
            }
        }

        Assert.Equal(2, _page.JSInterop.Invocations["energyTTT.push"].Count);
    }

    [Fact]
    public async Task The_heat_map_is_painted_by_its_module_and_not_rendered_again()
    {
        await _page.Tick();
        _page.GoTo("/fleet");
        var shown = _page.Render<FleetPage>();
        var rendered = shown.FindAll("[data-cell]").Select(cell => cell.GetAttribute("data-text")).ToArray();

        await _page.Tick(45);

        shown.WaitForAssertion(() => Assert.Single(_page.JSInterop.Invocations["energyTTT.paint"]));
        var arguments = _page.JSInterop.Invocations["energyTTT.paint"][0].Arguments;
        var cells = Assert.IsAssignableFrom<IReadOnlyList<object?[]>>(arguments[1]);
        Assert.Equal("fleet", arguments[0]);
        Assert.Equal(16, cells.Count);
        Assert.Equal(rendered, shown.FindAll("[data-cell]").Select(cell => cell.GetAttribute("data-text")));
        Assert.All(cells, cell => Assert.Equal(3, cell.Length));
    }

    [Fact]
    public async Task A_silent_sensor_is_a_hatched_cell_that_says_no_data()
    {
        _page.Fleet.Count = 24;
        await _page.Tick();
        _page.GoTo("/fleet");

        var cell = _page.Render<FleetPage>().FindAll("[data-cell]")[21];

        Assert.True(cell.HasAttribute("data-none"));
        Assert.Equal("–", cell.GetAttribute("data-text"));
        Assert.EndsWith("no data", cell.GetAttribute("aria-label"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_address_says_where_the_heat_map_looks_and_by_what()
    {
        _page.Fleet.Count = 64;
        await _page.Tick();
        _page.GoTo("/fleet?var-site=ams&var-rack=r02&var-host=host-06&var-metric=power");

        var shown = _page.Render<FleetPage>();

        Assert.Equal(8, shown.FindAll("[data-cell]").Count);
        Assert.Equal(["All sites", "ams", "r02", "host-06"], shown.FindAll(".crumbs a").Select(crumb => crumb.TextContent));
        Assert.Equal("true", shown.Find("[data-testid=metric-power]").GetAttribute("aria-current"));
        Assert.Contains("% of limit", shown.Find("[data-testid=heat-legend]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_address_on_the_same_page_is_taken_over_at_once()
    {
        await _page.Tick();
        var shown = _page.Render<OverviewPage>();

        _page.GoTo("/?from=2026-11-23T06:00:00Z&to=2026-11-23T07:00:00Z");

        shown.WaitForAssertion(() => Assert.Null(shown.Find("ettt-chart").GetAttribute("span")));
        Assert.Equal("1795413600000", shown.Find("ettt-chart").GetAttribute("from"));
        Assert.Equal("1795417200000", shown.Find("ettt-chart").GetAttribute("to"));
        Assert.Equal("Chosen range", shown.Find("[data-testid=range-name]").TextContent);
    }

    [Fact]
    public async Task The_watermark_is_asked_for_wherever_a_simulated_gpu_contributes()
    {
        _page.Fleet.Origin = Origin.Simulated;
        await _page.Tick();

        var shown = _page.Render<OverviewPage>();

        Assert.All(shown.FindAll("ettt-chart"), chart => Assert.Equal("SIMULATED", chart.GetAttribute("mark")));
        Assert.Equal("SIMULATED", shown.Find("h1 ~ .origin").TextContent);
    }

    [Fact]
    public async Task Measured_numbers_carry_no_mark_on_their_charts()
    {
        _page.Fleet.Origin = Origin.Measured;
        await _page.Tick();

        Assert.All(_page.Render<OverviewPage>().FindAll("ettt-chart"), chart => Assert.Null(chart.GetAttribute("mark")));
    }

    [Fact]
    public async Task A_gpu_that_fell_silent_says_so_on_its_page_while_the_fleet_lives()
    {
        await _page.Tick();
        _page.GoTo("/gpus?var-gpu=" + FakeFleet.Id(13));

        var shown = _page.Render<GpusPage>();

        Assert.Contains("7 min", shown.Find("[data-testid=face-gpu-stale]").TextContent, StringComparison.Ordinal);
        Assert.Equal("failed", shown.Find("[data-testid=gpu-state] .state").TextContent);
        Assert.Contains("fell off the bus", shown.Find("[data-testid=gpu-state]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_forecast_stands_beside_its_own_error_or_says_that_it_is_unknown()
    {
        await _page.Tick();
        _page.GoTo("/gpus?var-gpu=" + FakeFleet.Id(2));
        Assert.Contains("error ± 0.8 °C", _page.Render<GpusPage>().Find("[data-testid=gpu-forecast]").TextContent, StringComparison.Ordinal);

        _page.GoTo("/gpus?var-gpu=" + FakeFleet.Id(5));
        Assert.Contains("error unknown", _page.Render<GpusPage>().Find("[data-testid=gpu-forecast]").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GPU-nobody")]
    [InlineData("not an identity!")]
    public async Task An_unknown_gpu_is_told_to_be_unknown(string gpu)
    {
        await _page.Tick();
        _page.GoTo("/gpus?var-gpu=" + Uri.EscapeDataString(gpu));

        Assert.Contains(gpu, _page.Render<GpusPage>().Find("[data-testid=face-unknown-gpu]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leaving_a_page_ends_its_subscription()
    {
        await _page.Tick();
        _page.Render<OverviewPage>();
        Assert.Equal(1, _page.Feed.Subscribers);

        await _page.DisposeComponentsAsync();

        Assert.Equal(0, _page.Feed.Subscribers);
    }

    [Fact]
    public async Task What_the_address_says_and_the_page_does_not_understand_is_named()
    {
        await _page.Tick();
        _page.GoTo("/?from=later");

        Assert.Contains("from=later", _page.Render<OverviewPage>().Find(".notice").TextContent, StringComparison.Ordinal);
    }
}
