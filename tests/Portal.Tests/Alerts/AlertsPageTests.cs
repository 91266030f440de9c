using Bunit;
using EnergyTTT.Portal.Components.Pages.Alerts;
using EnergyTTT.Portal.Tests.Components;
using EnergyTTT.Wire.Alerts;
using Xunit;

namespace EnergyTTT.Portal.Tests.Alerts;

/// <summary>The page of alerts: its faces, its parts, and what each role can do there.</summary>
public sealed class AlertsPageTests : IDisposable
{
    private readonly PageContext _context = new();

    public void Dispose() => _context.Dispose();

    [Fact]
    public void What_is_not_normal_is_listed_with_counts_that_lead_to_their_states()
    {
        var page = Show("/alerts");

        Assert.Equal(["alerting", "no data"], page.FindAll("[data-testid=alert] .alert-state").Select(cell => cell.TextContent));
        Assert.Equal(BuiltInCount * 16, int.Parse(page.Find("[data-testid=count-normal] b").TextContent, System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal("/alerts?var-state=no_data", page.Find("[data-testid=count-no_data]").GetAttribute("href"));
        Assert.Contains("97 °C", page.Find("[data-testid=alert]").TextContent, StringComparison.Ordinal);
        Assert.Single(Show("/alerts?var-severity=critical").FindAll("[data-testid=alert]"));
    }

    [Fact]
    public void A_calm_fleet_an_unknown_thing_a_failed_look_and_no_answer_each_have_a_face()
    {
        _context.Alerts.Failure = "The last look failed: no database.";
        Assert.Contains("no database", Show("/alerts").Find("[data-testid=look-failed]").TextContent, StringComparison.Ordinal);
        _context.Alerts.Failure = null;
        Assert.NotNull(Show("/alerts?var-rule=memory-hot&var-thing=gpu/none").Find("[data-testid=face-unknown]"));
        _context.Alerts.IsCalm = true;
        Assert.Contains("Nothing alerts", Show("/alerts").Find("[data-testid=face-empty]").TextContent, StringComparison.Ordinal);
        _context.Alerts.IsAway = true;
        Assert.Contains("does not answer", Show("/alerts?var-tab=history").Find("[data-testid=face-error]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void One_thing_has_its_chart_with_the_threshold_and_an_operator_takes_it_on_or_silences_it()
    {
        const string Address = "/alerts?var-rule=memory-hot&var-thing=gpu%2FGPU-1";
        Assert.Empty(Show(Address).FindAll("[data-testid=acknowledge]"));
        _context.Become("operator");
        var page = Show(Address);

        Assert.Contains("\"at\":95", page.Find("ettt-chart").GetAttribute("lines"), StringComparison.Ordinal);
        Assert.Contains("gpu=GPU-1", page.Find("ettt-chart").GetAttribute("series"), StringComparison.Ordinal);
        page.Find("[data-testid=ack-comment]").Change("on it");
        page.Find("[data-testid=acknowledge]").Click();
        page.WaitForAssertion(() => Assert.Contains("You have taken it on", page.Find("[data-testid=alert-said]").TextContent, StringComparison.Ordinal));
        page.Find("[data-testid=silence-hours]").Change("24");
        page.Find("[data-testid=silence-reason]").Change("new fan tomorrow");
        page.Find("[data-testid=silence]").Click();

        page.WaitForAssertion(() => Assert.Equal(["person/ada takes memory-hot of gpu/GPU-1: on it", "person/ada silences rule=memory-hot site=ams rack=r07 host=host-1 gpu=GPU-1 for 24 h: new fan tomorrow"], _context.Alerts.Deeds));
    }

    [Fact]
    public void A_rule_is_tried_on_the_past_its_mistakes_are_all_named_and_an_administrator_saves_it()
    {
        _context.Become("administrator");
        var page = Show("/alerts?var-tab=rules&var-edit=memory-hot", administrator: true);
        page.Find("[data-testid=preview]").Click();
        page.WaitForAssertion(() => Assert.Contains("3 alerts of 16 things", page.Find("[data-testid=previewed]").TextContent, StringComparison.Ordinal));

        page.Find("[data-testid=rule-threshold]").Change("hot");
        page.Find("[data-testid=rule-window]").Change("long");
        page.Find("[data-testid=save-rule]").Click();
        page.WaitForAssertion(() => Assert.Equal(2, page.FindAll("[data-testid=rule-mistakes] li").Count));
        page.Find("[data-testid=rule-threshold]").Change("98");
        page.Find("[data-testid=rule-window]").Change("55");
        page.Find("[data-testid=save-rule]").Click();
        page.WaitForAssertion(() => Assert.Contains("whole tens of seconds", page.Find("[data-testid=rule-mistakes]").TextContent, StringComparison.Ordinal));
        page.Find("[data-testid=rule-window]").Change("60");
        page.Find("[data-testid=rule-reason]").Input("fewer calls at night");
        page.Find("[data-testid=save-rule]").Click();

        page.WaitForAssertion(() => Assert.Equal("person/ada saves memory-hot 98 over 1: fewer calls at night", _context.Alerts.Deeds.Single()));
    }

    [Fact]
    public void Viewers_see_rules_and_silences_but_cannot_change_them_nor_see_who_is_told()
    {
        var rules = Show("/alerts?var-tab=rules&var-edit=memory-hot");

        Assert.Equal(BuiltInCount, rules.FindAll("[data-testid=rules] tbody tr").Count);
        Assert.Empty(rules.FindAll("[data-testid=save-rule]"));
        Assert.Empty(rules.FindAll("[data-testid=tab-contacts]"));
        Assert.Empty(Show("/alerts?var-tab=quiet").FindAll("[data-testid=end-silence], [data-testid=add-silence]"));
        Assert.Empty(Show("/alerts?var-tab=contacts").FindAll("[data-testid=contacts]"));
        Assert.Single(Show("/alerts?var-tab=history").FindAll("[data-testid=alert-history] tbody tr"));
    }

    [Fact]
    public void An_operator_writes_conditions_as_text_and_hears_what_is_wrong_with_them()
    {
        _context.Become("operator");
        var page = Show("/alerts?var-tab=quiet");
        page.Find("[data-testid=silence-what]").Change("host");
        page.Find("[data-testid=add-silence]").Click();
        Assert.Contains("'host' is no condition", page.Find("[data-testid=quiet-said]").TextContent, StringComparison.Ordinal);
        page.Find("[data-testid=silence-what]").Change("host=h1 rule!=memory-*");
        page.Find("[data-testid=silence-because]").Change("rack move");
        page.Find("[data-testid=add-silence]").Click();

        page.WaitForAssertion(() => Assert.Equal("person/ada silences host=h1 rule!=memory-* for 4 h: rack move", _context.Alerts.Deeds.Single()));
    }

    [Fact]
    public void The_secret_of_a_new_webhook_is_shown_once()
    {
        _context.Become("administrator");
        var page = Show("/alerts?var-tab=contacts", administrator: true);
        page.Find("[data-testid=contact-name]").Change("hook");
        page.Find("[data-testid=contact-to]").Change("https://hooks.example/x");
        page.Find("[data-testid=save-contact]").Click();

        page.WaitForAssertion(() => Assert.Equal("the-secret-of-a-test", page.Find("[data-testid=contact-secret]").TextContent));
        page.Find("[data-testid=contact-secret-taken]").Click();
        Assert.Empty(page.FindAll("[data-testid=contact-secret]"));
    }

    private static int BuiltInCount => EnergyTTT.History.Alerts.BuiltInRules.All.Length;

    private IRenderedComponent<AlertsPage> Show(string address, bool administrator = false)
    {
        if (administrator)
        {
            _context.BecomeIn("administrator");
        }

        _context.GoTo(address);
        return _context.Render<AlertsPage>();
    }
}
