using Bunit;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Portal.Components.Pages.Policies;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Policies;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.Portal.Tests.Components;

public sealed class PoliciesPageTests : IDisposable
{
    private readonly PageContext _page = new();

    public void Dispose() => _page.Dispose();

    [Fact]
    public async Task Every_effective_value_says_which_scope_it_comes_from()
    {
        await _page.Policies.By("bob", "fleet", new() { Mode = SteeringMode.Advise, TargetPowerWatts = 250 });
        await _page.Policies.By("bob", "deployment/qwen-ams", new() { Mode = SteeringMode.Enforce });

        var page = Show("/policies?var-scope=deployment%2Fqwen-ams");

        Assert.Equal(("enforce", "from here, version 2"), Line(page, "mode"));
        Assert.Equal(("250 W", "from the whole fleet, version 1"), Line(page, "target_power_watts"));
        Assert.Equal(("65 °C", "default"), Line(page, "target_temperature_celsius"));
        Assert.Equal(["Whole fleet", "olmoe-fra", "qwen-ams", "Site ams", "Rack r07"], page.FindAll("[data-testid=scopes] a").Select(link => link.TextContent));
    }

    [Fact]
    public async Task A_rack_shows_only_fields_of_the_hardware_with_the_nearest_scope_that_sets_each()
    {
        await _page.Policies.By("bob", "fleet", new() { ThermalHotCelsius = 76, PowerCapRatio = 0.9 });
        await _page.Policies.By("bob", "site/ams", new() { PowerCapRatio = 0.8 });

        var page = Show("/policies?var-scope=rack%2Fr07");

        Assert.Equal(("0.8", "from site ams, version 2"), Line(page, "power_cap_ratio"));
        Assert.Equal(("76 °C", "from the whole fleet, version 1"), Line(page, "thermal_hot_celsius"));
        Assert.Empty(page.FindAll("[data-testid=field-strategy]"));
        Assert.Single(page.FindAll("[data-testid=field-schedules]"));
    }

    [Fact]
    public void A_mistake_between_fields_is_told_while_the_draft_is_written()
    {
        _page.Become("operator");
        var page = Show("/policies");
        page.Find("[data-testid=own-ttt_update_frequency]").Change(true);
        page.Find("[data-testid=in-ttt_update_frequency]").Change("4096");

        Assert.Contains("more than the 2048 tokens of ttt_chunk_size", page.Find("[data-testid=mistake-ttt_update_frequency]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Windows_are_edited_as_lines()
    {
        _page.Become("operator");
        var page = Show("/policies");
        page.Find("[data-testid=own-schedules]").Change(true);
        page.Find("[data-testid=in-schedules]").Change("cheap night | 0 22 * * * | Mars/Olympus | 480 | energy_weight=0.6");
        Assert.Contains("a zone such as Europe/Amsterdam or UTC expected", page.Find("[data-testid=mistake-schedules]").TextContent, StringComparison.Ordinal);

        page.Find("[data-testid=in-schedules]").Change("cheap night | 0 22 * * * | Europe/Amsterdam | 480 | energy_weight=0.6");
        page.Find("[data-testid=reason]").Input("nights are cheap");
        page.Find("[data-testid=save]").Click();

        page.WaitForAssertion(() => Assert.Equal(new PolicySchedules(new PolicySchedule("cheap night", "0 22 * * *", "Europe/Amsterdam", 480, new() { EnergyWeight = 0.6 })), _page.Policies.All[0].Document.Schedules));
    }

    [Fact]
    public void What_if_numbers_follow_the_draft_and_say_that_they_are_modelled_and_how_wrong_the_model_is()
    {
        _page.Become("operator");
        var page = Show("/policies");
        page.WaitForAssertion(() => Assert.Contains("0.5 → 0.5 J/token", page.Find("[data-testid=what-if]").TextContent, StringComparison.Ordinal));

        page.Find("[data-testid=own-retained_mass_min]").Change(true);
        page.Find("[data-testid=in-retained_mass_min]").Change("0.75");
        _page.Clock.Advance(TimeSpan.FromMilliseconds(400));

        page.WaitForAssertion(() => Assert.Contains("0.5 → 0.45 J/token", page.Find("[data-testid=what-if]").TextContent, StringComparison.Ordinal));
        Assert.Contains("modelled", page.Find("[data-testid=what-if]").TextContent, StringComparison.Ordinal);
        Assert.Contains("off by 3.2 %", page.Find("[data-testid=what-if]").TextContent, StringComparison.Ordinal);
        Assert.Contains("12 routers, 4 GPUs", page.Find("[data-testid=what-if]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_viewer_sees_values_but_nothing_to_edit_with()
    {
        var page = Show("/policies");

        Assert.Single(page.FindAll("[data-testid=only-look]"));
        Assert.Empty(page.FindAll("input, select, textarea, [data-testid=save]"));
        Assert.Equal("observe", page.Find("[data-testid=value-mode]").TextContent);
    }

    [Fact]
    public async Task A_viewer_is_refused_on_the_server_too()
    {
        _ = Show("/policies");

        Assert.Null(await _page.Services.GetRequiredService<PolicyDesk>().Save("fleet", new(new() { Mode = SteeringMode.Off }, "mischief"), 0));
        Assert.Empty(_page.Policies.All);
    }

    [Fact]
    public void An_operator_saves_a_new_version_with_a_reason()
    {
        _page.Become("operator");
        var page = Show("/policies");
        page.Find("[data-testid=own-mode]").Change(true);
        page.Find("[data-testid=in-mode]").Change("enforce");
        Assert.Equal("from your draft", page.Find("[data-testid=source-mode]").TextContent);
        page.Find("[data-testid=save]").Click();
        Assert.Contains("needs a reason", page.Find("[data-testid=mistakes]").TextContent, StringComparison.Ordinal);
        Assert.Empty(_page.Policies.All);

        page.Find("[data-testid=reason]").Input("the pilot went well");
        page.Find("[data-testid=save]").Click();

        page.WaitForAssertion(() => Assert.Equal("Version 1 is in force.", page.Find("[data-testid=policy-said]").TextContent));
        Assert.Equal(("fleet", 1, "ada", "the pilot went well", new PolicyDocument { Mode = SteeringMode.Enforce }), (_page.Policies.All[0].Scope, _page.Policies.All[0].Version, _page.Policies.All[0].Author, _page.Policies.All[0].Reason, _page.Policies.All[0].Document));
        page.WaitForAssertion(() => Assert.Single(page.FindAll("[data-testid=version-1]")));
    }

    [Fact]
    public void All_mistakes_stand_together_and_keep_the_draft_from_being_saved()
    {
        _page.Become("operator");
        var page = Show("/policies");
        Own(page, "target_power_watts", "9999");
        Own(page, "retained_mass_min", "0.2");
        page.Find("[data-testid=reason]").Input("hm");

        page.Find("[data-testid=save]").Click();

        Assert.Equal(2, page.FindAll("[data-testid=mistakes] li").Count);
        Assert.Equal("/policies#row-target_power_watts", page.FindAll("[data-testid=mistakes] a")[1].GetAttribute("href"));
        Assert.Equal("true", page.Find("[data-testid=in-retained_mass_min]").GetAttribute("aria-invalid"));
        Assert.Empty(_page.Policies.All);
    }

    [Fact]
    public void Moving_one_weight_moves_the_others_so_that_they_sum_to_one()
    {
        _page.Become("operator");
        var page = Show("/policies");

        page.Find("[data-testid=slide-energy_weight]").Input("500");

        Assert.Equal("0.5", page.Find("[data-testid=in-energy_weight]").GetAttribute("value"));
        Assert.Equal("0.1924", page.Find("[data-testid=in-performance_weight]").GetAttribute("value"));
        Assert.Contains("Energy weight 50 %", page.Find("[data-testid=weights-bar]").GetAttribute("aria-label"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_draft_is_shown_as_a_difference_before_it_is_saved()
    {
        _page.Become("operator");
        var page = Show("/policies");

        Own(page, "hold_out_share", "0.1");

        var row = page.Find("[data-testid=diff] tbody tr");
        Assert.Equal(["Hold out share", "inherited", "0.1"], new[] { row.QuerySelector("th"), row.QuerySelector("del"), row.QuerySelector("ins") }.Select(cell => cell?.TextContent));
    }

    [Fact]
    public async Task The_second_of_two_editors_chooses_and_neither_loses_anything()
    {
        await _page.Policies.By("ada", "fleet", new() { Mode = SteeringMode.Observe, HoldOutShare = 0.05, TargetPowerWatts = 200 });
        _page.Become("operator");
        var page = Show("/policies");
        page.Find("[data-testid=in-mode]").Change("enforce");
        page.Find("[data-testid=in-hold_out_share]").Change("0.1");
        page.Find("[data-testid=reason]").Input("mine");
        await _page.Policies.By("bob", "fleet", new() { Mode = SteeringMode.Advise, HoldOutShare = 0.05, TargetPowerWatts = 250 }, "his");

        page.Find("[data-testid=save]").Click();
        page.WaitForAssertion(() => Assert.Contains("bob saved version 2", page.Find("[data-testid=conflict]").TextContent, StringComparison.Ordinal));
        Assert.Equal(2, _page.Policies.All.Count);
        Assert.True(page.Find("[data-testid=settle]").HasAttribute("disabled"));

        page.Find("[data-testid=mine-mode]").Change(true);
        page.Find("[data-testid=settle]").Click();
        page.Find("[data-testid=save]").Click();

        page.WaitForAssertion(() => Assert.Equal("Version 3 is in force.", page.Find("[data-testid=policy-said]").TextContent));
        Assert.Equal(new PolicyDocument { Mode = SteeringMode.Enforce, HoldOutShare = 0.1, TargetPowerWatts = 250 }, _page.Policies.All[2].Document);
    }

    [Fact]
    public async Task A_version_shows_what_it_changed_and_is_restored_as_a_new_one()
    {
        await _page.Policies.By("ada", "fleet", new() { Mode = SteeringMode.Observe }, "start");
        await _page.Policies.By("bob", "fleet", new() { Mode = SteeringMode.Enforce }, "go");
        _page.Become("operator");
        var page = Show("/policies?var-version=1");
        page.Find("[data-testid=restore]").Click();
        Assert.Contains("needs a reason", page.Find("[data-testid=restore-said]").TextContent, StringComparison.Ordinal);

        page.Find("[data-testid=restore-reason]").Input("too hot");
        page.Find("[data-testid=restore]").Click();

        page.WaitForAssertion(() => Assert.Equal("Version 3 is in force, with the contents of version 1.", page.Find("[data-testid=restore-said]").TextContent));
        Assert.Equal((new PolicyDocument { Mode = SteeringMode.Observe }, "too hot", "ada"), (_page.Policies.All[2].Document, _page.Policies.All[2].Reason, _page.Policies.All[2].Author));
        Assert.Equal(3, _page.Policies.All.Count);
    }

    [Fact]
    public void An_unknown_scope_is_said_to_be_unknown() => Assert.Single(Show("/policies?var-scope=deployment%2Fnobody").FindAll("[data-testid=face-unknown-scope]"));

    private static (string, string) Line(IRenderedComponent<PoliciesPage> page, string field) =>
        (page.Find($"[data-testid=value-{field}]").TextContent, page.Find($"[data-testid=source-{field}]").TextContent);

    private static void Own(IRenderedComponent<PoliciesPage> page, string field, string value)
    {
        page.Find($"[data-testid=own-{field}]").Change(true);
        page.Find($"[data-testid=in-{field}]").Change(value);
    }

    private IRenderedComponent<PoliciesPage> Show(string address)
    {
        _page.GoTo(address);
        return _page.Render<PoliciesPage>();
    }
}
