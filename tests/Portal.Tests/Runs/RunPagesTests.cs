using Bunit;
using EnergyTTT.Portal.Components.Pages.Runs;
using EnergyTTT.Portal.Runs;
using EnergyTTT.Portal.Tests.Components;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.Portal.Tests.Runs;

public sealed class RunPagesTests : IDisposable
{
    private readonly PageContext _page = new();
    private readonly FakeRuns _runs = new();

    public RunPagesTests() => _page.Services.AddSingleton<IRunSource>(_runs);

    public void Dispose() => _page.Dispose();

    [Fact]
    public void A_run_measured_on_an_h100_shows_its_own_figures_its_verdict_and_the_band_of_the_forecast()
    {
        var file = Directory.GetFiles(Path.Combine(Root(), "results", "h100"), "*-thermal-0f35abb0" + RunBundleFile.Extension).Single();
        var bundle = RunBundleFile.Read(File.ReadAllBytes(file));
        _runs.All.Add(new(bundle, FakeRuns.Started, FakeRuns.Started, "imported", "key/abc", true, "ab"));

        var page = One(bundle.Run.Id.ToString("D"));

        Assert.Contains("publishable", page.Find("[data-testid=verdict]").TextContent, StringComparison.Ordinal);
        Assert.Contains(page.FindAll("[data-testid=said]"), said => said.TextContent.StartsWith("saved 22.9", StringComparison.Ordinal));
        Assert.NotEmpty(page.FindAll("[data-testid=curves-temperature] [data-testid=band]"));
        Assert.Equal(3, page.FindAll("[data-testid=latency]").Count);
        Assert.Empty(page.FindAll("[data-testid=curves-bias]"));
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "EnergyTTT.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("EnergyTTT.sln");
        }

        return folder;
    }

    [Fact]
    public void A_mistake_in_the_query_is_marked_where_it_is_with_what_was_expected()
    {
        var list = List("/runs?var-q=" + Uri.EscapeDataString("metric.saving_percent > \"5\" and origin = \"measured\""));

        Assert.Equal("\"5\"", list.Find("[data-testid=mistake-mark]").TextContent);
        Assert.StartsWith("metric.saving_percent > \"5\" and origin", list.Find(".run-mistake").TextContent, StringComparison.Ordinal);
        Assert.Contains("At character 25", list.Find("[data-testid=mistake]").TextContent, StringComparison.Ordinal);
        Assert.Contains("a number", list.Find("[data-testid=mistake]").TextContent, StringComparison.Ordinal);
        Assert.Equal("true", list.Find("[data-testid=query]").GetAttribute("aria-invalid"));
        Assert.Null(_runs.Asked);
    }

    [Fact]
    public void What_is_missing_at_the_end_is_marked_there()
    {
        var list = List("/runs?var-q=" + Uri.EscapeDataString("metric.saving_percent >"));

        Assert.Equal("metric.saving_percent >␣", list.Find(".run-mistake").TextContent);
    }

    [Fact]
    public void A_wrong_order_is_a_mistake_of_the_order()
    {
        Assert.Equal("sideways", List("/runs?var-order=sideways").Find(".run-mistake").TextContent);
    }

    [Fact]
    public void The_list_shows_the_columns_of_its_address_with_the_origin_of_every_run()
    {
        _runs.Add(Origin.Modelled);
        _runs.Add(Origin.Measured);
        _runs.Next = "abc";

        var list = List("/runs?var-columns=run.name,metric.saving_percent,metric.none&var-order=metric.saving_percent+desc");

        var rows = list.FindAll("[data-testid=runs] tbody tr");
        Assert.Equal(["MODELLED", "MEASURED"], rows.Select(row => row.QuerySelector(".origin")!.TextContent));
        Assert.Equal(["tiny", "12.5", "–"], rows[0].QuerySelectorAll("td").Skip(2).Select(cell => cell.TextContent));
        Assert.Equal("descending", list.FindAll("thead th")[4].GetAttribute("aria-sort"));
        Assert.Contains("var-cursor=abc", list.Find("[data-testid=next]").GetAttribute("href"), StringComparison.Ordinal);
        Assert.Equal("/v1/runs/export?order=metric.saving_percent%20desc&columns=run.name%2Cmetric.saving_percent%2Cmetric.none&format=csv", list.Find("[data-testid=export-csv]").GetAttribute("href"));
    }

    [Fact]
    public void Without_runs_the_list_says_how_one_is_made_and_with_a_query_that_none_is_like_that()
    {
        Assert.Contains("energyttt experiment compare", List("/runs").Find("[data-testid=face-empty]").TextContent, StringComparison.Ordinal);
        Assert.Contains("No run is like that", List("/runs?var-q=started+%3E+now-1d").Find("[data-testid=face-empty]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_shows_its_verdict_its_interval_and_that_nothing_was_measured()
    {
        var run = _runs.Add(Origin.Modelled);

        var page = One(run.Run.Id.ToString());

        Assert.Equal("modelled effect of 6.10 %; nothing was measured", page.Find("[data-testid=said]").TextContent);
        Assert.Contains("4.70 to 7.50", page.Find("[data-testid=comparisons]").TextContent, StringComparison.Ordinal);
        Assert.Equal("not publishable", page.Find("[data-testid=verdict] .number").TextContent);
        Assert.Contains("too few pairs", page.Find("[data-testid=verdict]").TextContent, StringComparison.Ordinal);
        Assert.Contains(run.ReceiptSha256!, page.Find("[data-testid=receipt]").TextContent, StringComparison.Ordinal);
        Assert.Equal("MODELLED", page.Find("[data-testid=curves-temperature] .watermark").TextContent);
        Assert.Contains("too short", page.FindAll("[data-testid=trials] tbody tr")[1].TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_measured_saving_is_said_and_carries_no_watermark()
    {
        var page = One(_runs.Add(Origin.Measured).Run.Id.ToString());

        Assert.Equal("saved 6.10 %", page.Find("[data-testid=said]").TextContent);
        Assert.Empty(page.FindAll(".watermark"));
    }

    [Fact]
    public void A_line_breaks_where_there_is_no_data()
    {
        var plot = XyPlot.Of([("gpu", [0, 1, 2, 3], [40, null, 44, 42])]);

        Assert.Equal("M0 200M400 0L600 100", plot.Lines[0].Path);
        Assert.True(XyPlot.Of([("gpu", [0, 1], [null, double.NaN])]).IsEmpty);
    }

    [Fact]
    public void Numbers_of_different_origin_never_share_a_figure()
    {
        var run = _runs.Add(Origin.Modelled);
        var mixed = run with { Arms = [run.Arms[0], run.Arms[1] with { Origin = Origin.Simulated }] };
        _runs.All[0] = _runs.All[0] with { Bundle = mixed };

        var figures = One(run.Run.Id.ToString()).FindAll("[data-testid=intervals]");

        Assert.Equal(2, figures.Count);
        Assert.All(figures, figure => Assert.Single(figure.QuerySelectorAll(".run-bar-name")));
    }

    [Fact]
    public void A_running_run_has_no_receipt_and_says_so()
    {
        var page = One(_runs.Add(settled: false).Run.Id.ToString());

        Assert.Equal("running", page.Find("[data-testid=state] .number").TextContent);
        Assert.Contains("no receipt", page.Find("[data-testid=receipt]").TextContent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("0199aaaa-0000-7000-8000-000000000000")]
    public void An_unknown_run_is_said_to_be_unknown(string id) => Assert.NotNull(One(id).Find("[data-testid=face-unknown-run]"));

    [Fact]
    public void Compared_runs_show_what_differs_and_the_change_with_its_interval()
    {
        var first = _runs.Add(joulesPerToken: 2);
        var second = _runs.Add(joulesPerToken: 1.5);

        var page = Compare($"/runs/compare?var-id={first.Run.Id}&var-id={second.Run.Id}");

        Assert.Equal(["param.batch_size"], page.FindAll("[data-testid=settings] tbody th").Select(cell => cell.TextContent));
        Assert.Equal("1.50, -25.0 % (-27.1 to -22.8)", page.FindAll("[data-testid=arms] tbody tr")[0].QuerySelectorAll("td")[1].TextContent);
        Assert.Contains($"var-id={second.Run.Id}&var-id={first.Run.Id}", page.Find("[data-testid=make-baseline]").GetAttribute("href"), StringComparison.Ordinal);
    }

    [Fact]
    public void Compared_runs_of_different_origin_have_no_difference()
    {
        var first = _runs.Add(Origin.Modelled);
        var second = _runs.Add(Origin.Measured);

        var page = Compare($"/runs/compare?var-id={first.Run.Id}&var-id={second.Run.Id}");

        Assert.NotNull(page.Find("[data-testid=different-origins]"));
        Assert.Equal("2.00, of another origin", page.FindAll("[data-testid=arms] tbody tr")[0].QuerySelectorAll("td")[1].TextContent);
        Assert.DoesNotContain("(", page.Find("[data-testid=metrics] tbody").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_comparison_of_too_few_or_unknown_runs_says_which()
    {
        Assert.Contains("names 0", Compare("/runs/compare").Find("[data-testid=face-nothing-to-compare]").TextContent, StringComparison.Ordinal);
        Assert.Contains("no run 'x'", Compare("/runs/compare?var-id=x&var-id=y").Find("[data-testid=face-nothing-to-compare]").TextContent, StringComparison.Ordinal);
    }

    private IRenderedComponent<RunsPage> List(string address)
    {
        _page.GoTo(address);
        return _page.Render<RunsPage>();
    }

    private IRenderedComponent<RunDetailPage> One(string id)
    {
        _page.GoTo("/runs/" + id);
        return _page.Render<RunDetailPage>(parameters => parameters.Add(page => page.Id, id));
    }

    private IRenderedComponent<RunComparePage> Compare(string address)
    {
        _page.GoTo(address);
        return _page.Render<RunComparePage>();
    }
}
