using System.Text.Json;
using Bunit;
using EnergyTTT.Portal.Charts;
using EnergyTTT.Portal.Components.Controls;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Portal.Fleets;
using EnergyTTT.Portal.Ranges;
using EnergyTTT.Portal.Tests.Fleets;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Portal.Tests.Components;

public sealed class ControlsTests : IDisposable
{
    private readonly PageContext _page = new();

    private DateTimeOffset Now => _page.Clock.GetUtcNow();

    public void Dispose() => _page.Dispose();

    [Fact]
    public void A_figure_shows_its_number_its_unit_and_its_context()
    {
        var figure = _page.Render<Figure>(parameters => parameters.Add(p => p.Label, "Power").Add(p => p.Value, _page.Display.Power(25_312)).Add(p => p.Context, "of 32 kW").Add(p => p.TestId, "power"));

        Assert.Equal("25.3", figure.Find(".number").TextContent);
        Assert.Equal("kW", figure.Find(".unit").TextContent.Trim());
        Assert.Equal("of 32 kW", figure.Find(".context").TextContent);
        Assert.Equal("power", figure.Find(".figure").GetAttribute("data-testid"));
    }

    [Fact]
    public void A_figure_without_a_number_says_no_data()
    {
        var figure = _page.Render<Figure>(parameters => parameters.Add(p => p.Label, "Power").Add(p => p.Value, Reading.None));

        Assert.Equal("–", figure.Find(".number").TextContent);
        Assert.Equal("no data", figure.Find(".visually-hidden").TextContent);
    }

    [Fact]
    public void A_figure_of_a_range_follows_its_chart()
    {
        var figure = _page.Render<RangeTotal>(parameters => parameters.Add(p => p.Label, "Energy").Add(p => p.Of, "energy").AddChildContent("46 MWh in all"));

        Assert.Equal("energy", figure.Find("ettt-total").GetAttribute("of"));
        Assert.Equal("46 MWh in all", figure.Find(".context").TextContent);
    }

    [Theory]
    [InlineData(Origin.Measured, "MEASURED", null)]
    [InlineData(Origin.Replayed, "REPLAYED", "REPLAYED")]
    [InlineData(Origin.Modelled, "MODELLED", "MODELLED")]
    [InlineData(Origin.Simulated, "SIMULATED", "SIMULATED")]
    public void An_origin_is_a_word_with_its_meaning(Origin origin, string word, string? mark)
    {
        var badge = _page.Render<OriginBadge>(parameters => parameters.Add(p => p.Origin, origin)).Find(".origin");

        Assert.Equal(word, badge.TextContent);
        Assert.False(string.IsNullOrWhiteSpace(badge.GetAttribute("title")));
        Assert.Equal(mark, OriginBadge.Mark(origin));
    }

    [Fact]
    public void A_chart_says_all_that_its_module_needs_in_attributes()
    {
        var card = _page.Render<ChartCard>(parameters => parameters
            .Add(p => p.Name, "power").Add(p => p.Title, "Power").Add(p => p.Unit, "W")
            .Add(p => p.Series, [new ChartSeries("mean", "metric=power_average_watts&gpu=GPU-1", "power"), new ChartSeries("peak", "metric=power_max_watts&gpu=GPU-1", "power-peak", 2, "max")])
            .Add(p => p.State, PageState.Default with { Refresh = TimeSpan.Zero, Zone = "utc" })
            .Add(p => p.Resolved, (Now.AddMinutes(-15), Now))
            .Add(p => p.Lines, [new ChartLine(700, "limit")])
            .Add(p => p.Min, 0).Add(p => p.Mark, "REPLAYED").Add(p => p.Total, true));

        var chart = card.Find("ettt-chart");
        var series = JsonSerializer.Deserialize<JsonElement>(chart.GetAttribute("series") ?? "");
        Assert.Equal("metric=power_average_watts&gpu=GPU-1", series[0].GetProperty("query").GetString());
        Assert.Equal(("peak", 2, "max"), (series[1].GetProperty("label").GetString(), series[1].GetProperty("dash").GetInt32(), series[1].GetProperty("fold").GetString()));
        Assert.Equal("""[{"at":700,"label":"limit","fit":false}]""", chart.GetAttribute("lines"));
        Assert.Equal(("Power", "W", "900", "utc", "0", "page"), (chart.GetAttribute("label"), chart.GetAttribute("unit"), chart.GetAttribute("span"), chart.GetAttribute("zone"), chart.GetAttribute("min"), chart.GetAttribute("sync")));
        Assert.True(chart.HasAttribute("paused"));
        Assert.True(chart.HasAttribute("total"));
        Assert.Empty(chart.ChildNodes);
        Assert.Equal("REPLAYED", card.Find(".origin").TextContent);
        Assert.Equal("title-power", card.Find("section").GetAttribute("aria-labelledby"));
    }

    [Fact]
    public void Every_preset_of_the_range_picker_is_a_link_that_keeps_the_rest_of_the_address()
    {
        var picker = Picker(PageState.Parse("?refresh=5s&var-gpu=GPU-1"));

        Assert.Equal("/gpus?from=now-6h&to=now&refresh=5s&var-gpu=GPU-1", picker.Find("[data-testid='range-now-6h']").GetAttribute("href"));
        Assert.Equal("/gpus?refresh=5s&var-gpu=GPU-1", picker.Find("[data-testid='range-now-15m']").GetAttribute("href"));
        Assert.Equal("true", picker.Find("[data-testid='range-now-15m']").GetAttribute("aria-current"));
    }

    [Fact]
    public void Pausing_is_a_link_too_and_only_where_time_goes_on()
    {
        Assert.Equal("/gpus?refresh=off", Picker(PageState.Default).Find("[data-testid=pause]").GetAttribute("href"));
        Assert.Equal("/gpus", Picker(PageState.Parse("?refresh=off")).Find("[data-testid=pause]").GetAttribute("href"));
        Assert.Empty(Picker(PageState.Parse("?from=now-2h&to=now-1h")).FindAll("[data-testid=pause]"));
    }

    [Fact]
    public void A_typed_range_is_handed_on_and_a_wrong_one_is_refused_with_what_is_expected()
    {
        TimeRange? chosen = null;
        var picker = Picker(PageState.Default, range => chosen = range);

        picker.Find("[data-testid=range-from]").Change("soon");
        picker.Find("form").Submit();
        Assert.Null(chosen);
        Assert.Contains("Not understood", picker.Find("#range-hint").TextContent, StringComparison.Ordinal);
        Assert.Equal("true", picker.Find("[data-testid=range-from]").GetAttribute("aria-invalid"));

        picker.Find("[data-testid=range-from]").Change("2026-11-23T06:00:00Z");
        picker.Find("[data-testid=range-to]").Change("now-1h");
        picker.Find("form").Submit();
        Assert.Equal(PageState.Parse("?from=2026-11-23T06:00:00Z&to=now-1h").Range, chosen);
    }

    [Fact]
    public void A_cell_of_the_heat_map_is_a_link_that_says_its_name_and_value()
    {
        var gpu = _page.Fleet.Gpu(0, Now);
        gpu = gpu with { Latest = gpu.Latest with { TemperatureCelsius = 60 } };
        var view = new FleetView(new(1, Now, [gpu]), Now, TimeSpan.FromSeconds(10));

        var cell = _page.Render<HeatMap>(parameters => parameters.Add(p => p.Name, "m").Add(p => p.Model, HeatMapModel.Of([gpu])).Add(p => p.Scale, HeatScale.Temperature).Add(p => p.View, view).Add(p => p.Display, _page.Display)).Find("[data-cell]");

        Assert.Equal("host-01, GPU-00000000: 60 °C", cell.GetAttribute("aria-label"));
        Assert.Equal("/gpus?var-gpu=" + FakeFleet.Id(0), cell.GetAttribute("href"));
        Assert.Equal("--t:0.5", cell.GetAttribute("style"));
        Assert.Equal("60", cell.GetAttribute("data-text"));
    }

    [Fact]
    public void The_legend_of_a_scale_has_its_ticks_where_the_values_are()
    {
        var legend = _page.Render<HeatLegend>(parameters => parameters.Add(p => p.Scale, HeatScale.Margin));

        Assert.Equal(["60", "40", "20", "10", "0"], legend.FindAll(".heat-tick").Select(tick => tick.TextContent));
        Assert.Equal("--at:1", legend.FindAll(".heat-tick")[^1].GetAttribute("style"));
        Assert.Contains("no data", legend.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void A_temperature_without_a_reading_is_hatched()
    {
        Assert.True(_page.Render<TemperatureChip>(parameters => parameters.Add(p => p.Celsius, null).Add(p => p.Display, _page.Display)).Find(".chip").HasAttribute("data-none"));
        Assert.Equal("--t:0.5", _page.Render<TemperatureChip>(parameters => parameters.Add(p => p.Celsius, 60).Add(p => p.Display, _page.Display)).Find(".chip").GetAttribute("style"));
    }

    [Fact]
    public void Hottest_gpus_lead_to_their_pages()
    {
        var table = _page.Render<HotGpus>(parameters => parameters.Add(p => p.Gpus, [_page.Fleet.Gpu(3, Now)]).Add(p => p.Display, _page.Display));

        Assert.Equal("/gpus?var-gpu=" + FakeFleet.Id(3), table.Find("tbody a").GetAttribute("href"));
        Assert.Equal("–", table.FindAll("tbody td")[2].TextContent);
        Assert.Contains("No GPU tells its temperature", _page.Render<HotGpus>(parameters => parameters.Add(p => p.Gpus, []).Add(p => p.Display, _page.Display)).Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Racks_without_a_name_are_shown_as_such_and_lead_to_their_place()
    {
        var gpu = _page.Fleet.Gpu(0, Now) with { Site = null, Rack = null };

        var table = _page.Render<HotRacks>(parameters => parameters.Add(p => p.Racks, [.. FleetPlace.Racks([gpu])]).Add(p => p.Display, _page.Display));

        Assert.Equal(FleetPlace.NoRack, table.Find("tbody a").TextContent);
        Assert.Equal("/fleet?var-site=%28no%20site%29&var-rack=%28no%20rack%29", table.Find("tbody a").GetAttribute("href"));
        Assert.Single(FleetScope.Of(PageState.Parse("?var-site=%28no%20site%29&var-rack=%28no%20rack%29"), [gpu]));
    }

    [Fact]
    public void The_passport_lists_every_sensor_with_what_it_averages_over()
    {
        var card = _page.Render<PassportCard>(parameters => parameters.Add(p => p.Description, _page.Fleet.Gpu(3, Now).Description).Add(p => p.Display, _page.Display));

        Assert.Equal(5, card.FindAll("tbody tr").Count);
        Assert.Contains("not supported by this card", card.Markup, StringComparison.Ordinal);
        Assert.Contains("instant", card.FindAll("tbody tr")[0].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_passport_that_was_not_sent_is_said_to_be_missing()
    {
        Assert.Contains("has not told", _page.Render<PassportCard>(parameters => parameters.Add(p => p.Description, null).Add(p => p.Display, _page.Display)).Markup, StringComparison.Ordinal);
        Assert.Contains("has not told", _page.Render<PassportCard>(parameters => parameters.Add(p => p.Description, new GpuDescription { Gpu = GpuId.Parse("GPU-1") }).Add(p => p.Display, _page.Display)).Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void A_state_that_nobody_told_is_not_ok()
    {
        var gpu = _page.Fleet.Gpu(0, Now) with { Description = null };
        var view = new FleetView(new(1, Now, [gpu]), Now, TimeSpan.FromSeconds(10));

        Assert.Equal("not told", _page.Render<GpuFigures>(parameters => parameters.Add(p => p.Gpu, gpu).Add(p => p.View, view).Add(p => p.Display, _page.Display)).Find(".state").TextContent);
    }

    [Fact]
    public async Task The_feed_status_says_live_stale_and_lost()
    {
        var status = _page.Render<EnergyTTT.Portal.Components.Layout.FeedStatus>();
        Assert.Equal("Connecting", status.Find("p").TextContent.Trim());

        await _page.Tick();
        status.WaitForAssertion(() => Assert.Equal("Live 0 s", status.Find("p").TextContent.Trim()));

        _page.Fleet.Age = TimeSpan.FromSeconds(33);
        await _page.Tick();
        status.WaitForAssertion(() => Assert.Equal("Stale 33 s", status.Find("p").TextContent.Trim()));

        _page.Fleet.Failure = new InvalidOperationException("no silo answers");
        await _page.Tick();
        status.WaitForAssertion(() => Assert.Equal("No answer", status.Find("p").TextContent.Trim()));
        Assert.Contains("no silo answers", status.Find("p").GetAttribute("title"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_is_shown_whole_and_can_be_copied()
    {
        var block = _page.Render<CodeBlock>(parameters => parameters.Add(p => p.Id, "c").Add(p => p.Text, "./run.sh --demo"));

        Assert.Equal("./run.sh --demo", block.Find("#c").TextContent);
        Assert.Equal("c", block.Find("button").GetAttribute("data-copy"));
    }

    [Fact]
    public void Every_icon_that_pages_name_is_drawn() =>
        Assert.All(["overview", "fleet", "gpu", "theme", "help", "person", "close", "pause", "play", "link", "down", "clock"], name =>
            Assert.Matches("^M[0-9. MLHVaczhlsvA-]+$", _page.Render<Icon>(parameters => parameters.Add(p => p.Name, name)).Find("path").GetAttribute("d")));

    private IRenderedComponent<RangePicker> Picker(PageState state, Action<TimeRange>? chosen = null) =>
        _page.Render<RangePicker>(parameters => parameters.Add(p => p.State, state).Add(p => p.Path, "/gpus").Add(p => p.RangeChosen, chosen ?? (_ => { })));
}
