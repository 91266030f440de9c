using System.Reflection;
using System.Text.Json;
using CsCheck;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using Xunit;

namespace EnergyTTT.Wire.Tests.Policies;

public sealed class PolicyTests
{
    private static readonly Gen<double?> Weight = Gen.Double[0.01, 1].Nullable();
    private static readonly Gen<double?> Mass = Gen.Double[0.5, 1].Nullable();
    private static readonly PropertyInfo[] Properties = typeof(PolicyDocument).GetProperties();

    [Fact]
    public void Every_field_of_a_document_is_in_the_catalogue_under_its_wire_name()
    {
        var names = Properties.Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name));

        Assert.Equal(names.Order(), PolicyCatalogue.Fields.Select(field => field.Name).Order());
    }

    [Fact]
    public void A_document_made_of_the_catalogues_defaults_is_valid_and_resolves_to_the_defaults()
    {
        var pairs = PolicyCatalogue.Fields.Select(field => field.Name == "schedules" ? "\"schedules\": []" : field.IsNumber || field.Default is "true" ? $"\"{field.Name}\": {field.Default}" : $"\"{field.Name}\": \"{field.Default}\"");
        var document = JsonSerializer.Deserialize("{" + string.Join(",", pairs) + "}", WireJson.Default.PolicyDocument)!;

        Assert.Empty(PolicyCatalogue.Validate(document));
        var resolved = EffectivePolicy.Resolve((0, document));
        Assert.Equal(EffectivePolicy.Defaults with { PerformanceWeight = 0, EnergyWeight = 0 }, resolved with { PerformanceWeight = 0, EnergyWeight = 0 });
        Assert.Equal(0.35, resolved.EnergyWeight, 12);
    }

    [Fact]
    public void Every_mistake_is_named_at_once_with_value_and_bound()
    {
        var mistakes = PolicyCatalogue.Validate(new PolicyDocument { RetainedMassMin = 1.2, HoldOutBlockSeconds = 5, Strategy = "Magic", TttChunkSize = 1024 });

        Assert.Equal(["strategy", "retained_mass_min", "ttt_chunk_size", "hold_out_block_seconds"], mistakes.Select(mistake => mistake.Field));
        Assert.Equal("hold_out_block_seconds is 5; it must lie in 30 to 3600 s", mistakes[3].Reason);
    }

    [Fact]
    public void Five_weights_of_zero_are_no_objective() =>
        Assert.Equal("energy_weight", Assert.Single(PolicyCatalogue.Validate(new PolicyDocument
        {
            PerformanceWeight = 0, EnergyWeight = 0, ThermalWeight = 0, MemoryWeight = 0, LoadBalanceWeight = 0,
        })).Field);

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-1)]
    public void A_number_that_is_none_is_out_of_range(double value) =>
        Assert.Single(PolicyCatalogue.Validate(new PolicyDocument { TargetPowerWatts = value }));

    [Fact]
    public void The_nearest_scope_that_sets_a_field_wins_and_weights_sum_to_one() =>
        Gen.Select(Weight, Weight, Mass, Mass).Sample((fleetWeight, ownWeight, fleetMass, ownMass) =>
        {
            var policy = EffectivePolicy.Resolve(
                (7, new PolicyDocument { EnergyWeight = fleetWeight, RetainedMassMin = fleetMass }),
                (4, new PolicyDocument { EnergyWeight = ownWeight, RetainedMassMin = ownMass }));

            var energy = ownWeight ?? fleetWeight ?? 0.35;
            Assert.Equal(ownMass ?? fleetMass ?? 0.95, policy.RetainedMassMin);
            Assert.Equal(energy / (energy + 0.65), policy.EnergyWeight, 12);
            Assert.Equal(1, policy.PerformanceWeight + policy.EnergyWeight + policy.ThermalWeight + policy.MemoryWeight + policy.LoadBalanceWeight, 12);
            Assert.Equal(7, policy.Version);
        });

    [Fact]
    public void A_saved_document_reads_back_with_what_it_inherits_still_absent()
    {
        var document = new PolicyDocument { Mode = SteeringMode.Enforce, Placement = PlacementRule.RoundRobin, MuonEnabled = false };

        var text = JsonSerializer.Serialize(document, WireJson.Default.PolicyDocument);

        Assert.Equal("""{"mode":"enforce","muon_enabled":false,"placement":"round_robin"}""", text);
        Assert.Equal(document, JsonSerializer.Deserialize(text, WireJson.Default.PolicyDocument));
    }

    [Theory]
    [InlineData("fleet", true)]
    [InlineData("deployment/qwen-3", true)]
    [InlineData("rack/r07", true)]
    [InlineData("deployment/", false)]
    [InlineData("galaxy/x", false)]
    [InlineData("deployment/a b", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void A_scope_is_the_fleet_or_a_kind_with_a_name(string? text, bool expected) => Assert.Equal(expected, PolicyScopes.IsScope(text));
}
