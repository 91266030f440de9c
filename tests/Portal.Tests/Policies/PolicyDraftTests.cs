using System.Globalization;
using CsCheck;
using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Portal.Tests.Policies;

public sealed class PolicyDraftTests
{
    private static readonly PolicyDocument Whole = new()
    {
        Mode = SteeringMode.Enforce, Strategy = "Baseline", RetainedMassMin = 0.9, BiasSpreadMax = 0.5, GuaranteedExperts = 4, PerformanceWeight = 0.2, EnergyWeight = 0.4,
        ThermalWeight = 0.2, MemoryWeight = 0.1, LoadBalanceWeight = 0.1, TargetPowerWatts = 300, TargetTemperatureCelsius = 70, TargetLatencyMs = 12.5, TargetMemoryRatio = 0.8,
        TttChunkSize = 4096, TttUpdateFrequency = 1024, EnergyAwareLr = 2e-7, MuonEnabled = false, HoldOutShare = 0.1, HoldOutBlockSeconds = 60, Promotion = PromotionEvidence.Immediate,
        EpochLifetimeSeconds = 30, Placement = PlacementRule.RoundRobin, PlacementLoadRatioMax = 1.5,
        ExperimentsAllowed = true, ThermalThresholds = ThresholdSource.Policy, ThermalWarmCelsius = 55, ThermalHotCelsius = 70, ThermalCriticalCelsius = 80, ThermalHysteresisCelsius = 4,
        ThermalDwellSeconds = 7.5, PowerCapMode = PowerCapMode.Enforce, PowerCapRatio = 0.8,
        Schedules = new(new PolicySchedule("cheap night", "0 22 * * *", "Europe/Amsterdam", 480, new() { EnergyWeight = 0.6, Mode = SteeringMode.Enforce })),
    };

    [Fact]
    public void A_draft_that_nobody_touched_is_the_version_that_it_started_from()
    {
        var draft = new PolicyDraft(Version(Whole));

        Assert.False(draft.IsChanged);
        Assert.Equal((Whole, 0), (draft.Read().Document, draft.Read().Mistakes.Length));
    }

    [Fact]
    public void All_mistakes_are_told_at_once()
    {
        var draft = new PolicyDraft(Version(Whole));
        draft[Field("mode")] = "sometimes";
        draft[Field("retained_mass_min")] = "1.5";
        draft[Field("ttt_chunk_size")] = "4096.5";
        draft[Field("target_power_watts")] = "much";
        draft[Field("target_latency_ms")] = "";

        var mistakes = draft.Read().Mistakes;

        Assert.Equal(["mode", "retained_mass_min", "target_latency_ms", "target_power_watts", "ttt_chunk_size"], mistakes.Select(mistake => mistake.Field).Order(StringComparer.Ordinal));
        Assert.Equal("target_power_watts is 'much'; a number from 1 to 5000 expected", mistakes.Single(mistake => mistake.Field == "target_power_watts").Reason);
    }

    [Fact]
    public void A_field_that_is_taken_back_is_inherited_again()
    {
        var draft = new PolicyDraft(Version(Whole));

        draft[Field("target_power_watts")] = null;

        Assert.Null(draft.Read().Document.TargetPowerWatts);
        Assert.True(draft.IsChanged);
    }

    [Fact]
    public void Weights_always_sum_to_one_and_the_others_keep_their_proportions() =>
        Gen.Select(Gen.Int[0, 4], Gen.Double[0, 1]).Array[1, 6].Sample(moves =>
        {
            var draft = new PolicyDraft(Version(new()));
            var weights = PolicyCatalogue.Fields.Where(PolicyDraft.IsWeight).ToArray();
            foreach (var (index, weight) in moves)
            {
                draft.SetWeight(weights[index], weight, field => field.Default);
            }

            var values = Array.ConvertAll(weights, field => double.Parse(draft[field] ?? "", CultureInfo.InvariantCulture));
            return Math.Abs(values.Sum() - 1) < 1e-9 && values.All(value => value is >= 0 and <= 1) && draft.Read().Mistakes.IsEmpty && Math.Abs(values[moves[^1].Item1] - moves[^1].Item2) <= 6e-5;
        }, iter: 500);

    [Fact]
    public void One_weight_taken_to_half_halves_the_rest_in_proportion()
    {
        var draft = new PolicyDraft(Version(new()));

        draft.SetWeight(Field("performance_weight"), 0.5, field => field.Default);

        Assert.Equal(["0.5", "0.2333", "0.1333", "0.0667", "0.0667"], PolicyCatalogue.Fields.Where(PolicyDraft.IsWeight).Select(field => draft[field]));
    }

    [Fact]
    public void A_weight_beyond_its_range_is_kept_for_the_validation_to_refuse()
    {
        var draft = new PolicyDraft(Version(new()));

        draft.SetWeight(Field("energy_weight"), 3, field => field.Default);

        Assert.Equal("energy_weight", Assert.Single(draft.Read().Mistakes).Field);
    }

    [Fact]
    public void Every_position_of_every_slider_is_a_value_that_may_be_saved_and_stands_where_it_was()
    {
        foreach (var field in PolicyCatalogue.Fields.Where(field => field.IsNumber))
        {
            for (var position = 0; position <= FieldScale.Steps; position += 50)
            {
                var text = FieldScale.Value(field, position);
                var draft = new PolicyDraft(Version(new())) { [field] = text };
                if (!PolicyDraft.IsWeight(field))
                {
                    Assert.True(PolicyCatalogue.Validate(draft.Read().Document).IsEmpty, $"{field.Name} at {position} is {text}");
                }

                // Whole numbers and three digits are coarser than the slider in places; a value never wanders when it is read back.
                Assert.Equal(text, FieldScale.Value(field, FieldScale.Position(field, text)), StringComparer.Ordinal);
            }
        }
    }

    [Fact]
    public void One_step_of_a_slider_always_changes_the_value()
    {
        foreach (var field in PolicyCatalogue.Fields.Where(field => field.IsNumber))
        {
            var text = FieldScale.Value(field, 0);
            for (var step = 0; step < 100; step++)
            {
                var moved = FieldScale.Moved(field, text, FieldScale.Position(field, text) + 1);
                Assert.True(double.Parse(moved, CultureInfo.InvariantCulture) > double.Parse(text, CultureInfo.InvariantCulture), $"{field.Name} stays at {text}");
                text = moved;
            }
        }
    }

    [Fact]
    public void Every_field_of_the_catalogue_stands_in_exactly_one_section() =>
        Assert.Equal(PolicyCatalogue.Fields.Select(field => field.Name).Order(StringComparer.Ordinal), PolicyWords.Sections.SelectMany(section => section.Fields).Select(field => field.Name).Order(StringComparer.Ordinal));

    internal static PolicyField Field(string name) => PolicyCatalogue.Fields.Single(field => field.Name == name);

    private static PolicyVersion Version(PolicyDocument document) => new("fleet", 3, document, "ada", "because", DateTimeOffset.UnixEpoch);
}
