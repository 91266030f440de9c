using System.Globalization;
using System.Text.Json;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;
using Xunit;

namespace EnergyTTT.Wire.Tests.Policies;

public sealed class PolicyRulesTests
{
    private static readonly PolicySchedule Night = new("cheap night", "0 22 * * *", "Europe/Amsterdam", 480, new() { EnergyWeight = 0.6 });

    [Theory]
    [InlineData("rack/r1", "strategy", "strategy belongs to routing and 'rack/r1' to the hardware; set it for the fleet or a deployment")]
    [InlineData("deployment/qwen", "power_cap_ratio", "power_cap_ratio belongs to the hardware and 'deployment/qwen' does not; set it for the fleet, a site, a rack or a host")]
    public void A_field_of_the_other_chain_is_refused_with_the_scopes_that_may_set_it(string scope, string field, string reason)
    {
        var mistakes = PolicyCatalogue.Validate(scope, field == "strategy" ? new() { Strategy = "Baseline" } : new() { PowerCapRatio = 0.8 });

        Assert.Equal((field, reason), (mistakes.Single().Field, mistakes.Single().Reason));
    }

    [Fact]
    public void Relations_are_checked_on_what_would_be_in_effect_and_not_only_on_what_the_scope_sets()
    {
        var fleet = new PolicyDocument { TttChunkSize = 4096, ThermalHotCelsius = 80 };

        Assert.Empty(PolicyCatalogue.Validate("deployment/a", new() { TttUpdateFrequency = 4096 }, fleet));
        Assert.Equal("ttt_update_frequency is 5000, more than the 4096 tokens of ttt_chunk_size in effect; lower it or raise the chunk", PolicyCatalogue.Validate("deployment/a", new() { TttUpdateFrequency = 5000 }, fleet).Single().Reason);
        Assert.Equal(["thermal_critical_celsius"], PolicyCatalogue.Validate("rack/r", new() { ThermalCriticalCelsius = 78 }, fleet).Select(mistake => mistake.Field));
    }

    [Fact]
    public void All_relations_that_are_broken_are_named_at_once()
    {
        var mistakes = PolicyCatalogue.Validate("fleet", new PolicyDocument
        {
            TttUpdateFrequency = 4096, ExperimentsAllowed = false, ThermalHysteresisCelsius = 12, PowerCapMode = PowerCapMode.Enforce,
        });

        Assert.Equal(["ttt_update_frequency", "hold_out_share", "promotion", "thermal_hysteresis_celsius", "power_cap_ratio"], mistakes.Select(mistake => mistake.Field));
        Assert.All(mistakes, mistake => Assert.NotEmpty(mistake.Reason));
    }

    [Fact]
    public void A_relation_that_only_an_open_window_breaks_says_which_window()
    {
        var mistakes = PolicyCatalogue.Validate("fleet", new() { Schedules = new(Night with { Set = new() { TttUpdateFrequency = 9000 } }) });

        Assert.Equal("while 'cheap night' is open: ttt_update_frequency is 9000, more than the 2048 tokens of ttt_chunk_size in effect; lower it or raise the chunk", mistakes.Single().Reason);
    }

    [Fact]
    public void Everything_that_is_wrong_with_a_window_is_named_at_once()
    {
        var wrong = new PolicySchedule("", "not cron", "Mars/Olympus", 0, new() { RetainedMassMin = 2 });

        var mistakes = PolicyCatalogue.Validate("fleet", new() { Schedules = new(wrong, Night, Night with { Set = new() }) });

        Assert.Equal(7, mistakes.Length);
        Assert.All(mistakes, mistake => Assert.Equal("schedules", mistake.Field));
        Assert.Contains("schedules[0].time_zone is 'Mars/Olympus'; a zone such as Europe/Amsterdam or UTC expected", mistakes.Select(mistake => mistake.Reason));
        Assert.Contains("schedules[0].set: retained_mass_min is 2; it must lie in 0.5 to 1", mistakes.Select(mistake => mistake.Reason));
    }

    [Theory]
    [InlineData("2026-07-01T20:00:00Z", true)] // 22:00 in summer
    [InlineData("2026-07-01T19:59:59Z", false)]
    [InlineData("2026-07-02T03:59:59Z", true)]
    [InlineData("2026-07-02T04:00:00Z", false)]
    [InlineData("2026-12-01T20:30:00Z", false)] // 21:30 in winter
    [InlineData("2026-12-01T21:00:00Z", true)]
    public void A_window_opens_and_closes_by_the_clock_of_its_zone(string time, bool open)
    {
        var policy = EffectivePolicy.ResolveAt(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), (3, new PolicyDocument { EnergyWeight = 0.35, Schedules = new(Night) }));

        Assert.Equal(open ? "cheap night" : "", policy.Windows);
        Assert.Equal(open ? 0.6 / 1.25 : 0.35, policy.EnergyWeight, 12);
    }

    [Fact]
    public void A_nearer_scope_wins_over_a_wider_scopes_window_and_may_close_all_of_them()
    {
        var atNight = DateTimeOffset.Parse("2026-07-01T23:00:00Z", CultureInfo.InvariantCulture);
        var fleet = new PolicyDocument { Schedules = new(Night with { Set = new() { HoldOutShare = 0.2, TargetLatencyMs = 50 } }) };

        var near = EffectivePolicy.ResolveAt(atNight, (1, fleet), (2, new PolicyDocument { HoldOutShare = 0.1 }));
        var closed = EffectivePolicy.ResolveAt(atNight, (1, fleet), (2, new PolicyDocument { Schedules = new() }));

        Assert.Equal((0.1, 50), (near.HoldOutShare, near.TargetLatencyMs));
        Assert.Equal((0.05, 10), (closed.HoldOutShare, closed.TargetLatencyMs));
    }

    [Fact]
    public void Windows_read_back_from_JSON_and_from_their_lines()
    {
        var document = new PolicyDocument { Schedules = new(Night, new("noon", "0 12 * * 1-5", "UTC", 60, new() { Mode = SteeringMode.Observe, MuonEnabled = false })) };

        var json = JsonSerializer.Serialize(document, WireJson.Default.PolicyDocument);
        var lines = PolicyCatalogue.Find("schedules")!.Read(document)!;

        Assert.Equal(document, JsonSerializer.Deserialize(json, WireJson.Default.PolicyDocument));
        Assert.Equal("cheap night | 0 22 * * * | Europe/Amsterdam | 480 | energy_weight=0.6\nnoon | 0 12 * * 1-5 | UTC | 60 | mode=observe, muon_enabled=false", lines);
        Assert.Equal(document.Schedules, PolicySchedules.Parse(lines));
        Assert.Equal(new PolicySchedules(), PolicySchedules.Parse("none"));
    }

    [Fact]
    public void A_guard_that_is_off_stays_off_on_its_way_and_one_that_is_left_out_is_the_usual_one()
    {
        var plan = new RolloutPlan { Share = 0.5, Guards = new(LatencyP95RiseMax: null) };

        Assert.Null(JsonSerializer.Deserialize(JsonSerializer.Serialize(plan, WireJson.Default.RolloutPlan), WireJson.Default.RolloutPlan)!.Guards.LatencyP95RiseMax);
        var request = JsonSerializer.Deserialize("""{"document":{},"reason":"x","guards":{"error_share_max":null}}""", WireJson.Default.RolloutRequest)!;
        Assert.Equal((null, 0.1, 300), (request.Guards!.ErrorShareMax, request.Guards.LatencyP95RiseMax, request.Guards.BaselineSeconds));
        Assert.Empty(RolloutRules.Check(request, "fleet"));
    }

    [Fact]
    public void A_router_stands_at_the_same_place_for_ever_and_routers_are_spread_evenly()
    {
        Assert.Equal(RouterHash.Of(3, "qwen", 17), RouterHash.Of(3, "qwen", 17));
        var places = Enumerable.Range(0, 10_000).Select(layer => RouterHash.Of(1, "d", layer)).ToList();
        Assert.All(places, place => Assert.InRange(place, 0, 0.9999999999999999));
        Assert.InRange(places.Count(place => place < 0.05), 430, 570);
    }

    [Fact]
    public void Texts_that_are_no_field_or_no_value_are_all_named_at_once()
    {
        var (document, mistakes) = PolicyText.Read([("mode", "enforce"), ("moode", "x"), ("ttt_chunk_size", "2.5"), ("schedules", "night | 0 22 * * *"), ("target_power_watts", "much"), ("target_latency_ms", "7.5")]);

        Assert.Equal(new PolicyDocument { Mode = SteeringMode.Enforce, TargetLatencyMs = 7.5 }, document);
        Assert.Equal(["moode", "ttt_chunk_size", "schedules", "target_power_watts"], mistakes.Select(mistake => mistake.Field));
    }
}
