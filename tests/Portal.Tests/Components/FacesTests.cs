using Bunit;
using EnergyTTT.Portal.Components.Pages.Fleets;
using EnergyTTT.Portal.Components.Pages.Gpus;
using EnergyTTT.Portal.Components.Pages.Overviews;
using EnergyTTT.Portal.Tests.Fleets;
using Microsoft.AspNetCore.Components;

namespace EnergyTTT.Portal.Tests.Components;

/// <summary>The five faces, on every page that shows the fleet.</summary>
public sealed class FacesTests : IDisposable
{
    private readonly PageContext _page = new();

    public static TheoryData<Type, string> Pages => new()
    {
        { typeof(OverviewPage), "/" },
        { typeof(FleetPage), "/fleet" },
        { typeof(GpusPage), "/gpus" },
        { typeof(GpusPage), "/gpus?var-gpu=" + FakeFleet.Id(2) },
    };

    public void Dispose() => _page.Dispose();

    [Theory]
    [MemberData(nameof(Pages))]
    public void Loading_says_that_the_fleet_is_being_asked(Type page, string address)
    {
        var shown = Show(page, address);

        Assert.Equal("true", shown.Find("[data-testid=face-loading]").GetAttribute("aria-busy"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Empty_tells_how_to_connect_an_agent_and_how_to_start_the_demo(Type page, string address)
    {
        _page.Fleet.Count = 0;
        await _page.Tick();

        var commands = string.Join('\n', Show(page, address).Find("[data-testid=face-empty]").QuerySelectorAll("code").Select(code => code.TextContent));

        Assert.Contains("energyttt keys create --local --role agent --host gpu-host-1", commands, StringComparison.Ordinal);
        Assert.Contains("http://localhost", commands, StringComparison.Ordinal);
        Assert.Contains("./run.sh --demo", commands, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Full_marks_what_the_numbers_are_and_has_no_notice(Type page, string address)
    {
        await _page.Tick();

        var shown = Show(page, address);

        Assert.Equal("REPLAYED", shown.Find("h1 ~ .origin").TextContent);
        Assert.Empty(shown.FindAll(".notice, .face"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Stale_keeps_the_last_state_on_show_and_says_since_when(Type page, string address)
    {
        _page.Fleet.Age = TimeSpan.FromSeconds(40);
        await _page.Tick();

        var shown = Show(page, address);
        var notice = shown.Find("[data-testid=face-stale]");

        Assert.Contains("40 s", notice.TextContent, StringComparison.Ordinal);
        Assert.Equal("2026-11-23T07:59:21.0000000+00:00", notice.QuerySelector("ettt-time")?.GetAttribute("datetime"));
        Assert.NotEmpty(shown.FindAll(".figures, [data-testid=gpu-grid]"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task Error_says_what_failed_and_what_to_do(Type page, string address)
    {
        _page.Fleet.Failure = new InvalidOperationException("no silo answers");
        await _page.Tick();

        var face = Show(page, address).Find("[data-testid=face-error]");

        Assert.Equal("alert", face.GetAttribute("role"));
        Assert.Contains("no silo answers", face.TextContent, StringComparison.Ordinal);
        Assert.NotNull(face.QuerySelector("a[href='/health/ready']"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public async Task A_failure_after_a_good_answer_keeps_the_last_state_and_says_so(Type page, string address)
    {
        await _page.Tick();
        _page.Fleet.Failure = new InvalidOperationException("no silo answers");
        await _page.Tick();

        var shown = Show(page, address);

        Assert.Contains("last known state", shown.Find("[data-testid=face-error-notice]").TextContent, StringComparison.Ordinal);
        Assert.NotEmpty(shown.FindAll(".figures, [data-testid=gpu-grid]"));
    }

    private IRenderedComponent<IComponent> Show(Type page, string address)
    {
        _page.GoTo(address);
        return _page.Render<IComponent>(builder =>
        {
            builder.OpenComponent(0, page);
            builder.CloseComponent();
        });
    }
}
