using EnergyTTT.Portal.Policies;
using EnergyTTT.Wire.Policies;
using static EnergyTTT.Portal.Tests.Policies.PolicyDraftTests;

namespace EnergyTTT.Portal.Tests.Policies;

public sealed class PolicyMergeTests
{
    private static readonly PolicyDocument Base = new() { Mode = SteeringMode.Observe, HoldOutShare = 0.05, TargetPowerWatts = 200, RetainedMassMin = 0.95 };
    private readonly PolicyDraft _draft = new(new("fleet", 3, Base, "ada", "because", DateTimeOffset.UnixEpoch));

    public PolicyMergeTests()
    {
        _draft[Field("mode")] = "enforce";              // both changed it, differently
        _draft[Field("hold_out_share")] = "0.1";        // only the second changed it
        _draft[Field("retained_mass_min")] = null;      // both took it back
    }

    private static PolicyVersion Theirs => new("fleet", 4, Base with { Mode = SteeringMode.Advise, TargetPowerWatts = 250, RetainedMassMin = null }, "bob", "summer", DateTimeOffset.UnixEpoch);

    [Fact]
    public void What_one_of_two_changed_is_taken_over_and_what_both_changed_is_asked()
    {
        var merge = new PolicyMerge(_draft, Theirs);

        Assert.Equal(["mode", "retained_mass_min", "target_power_watts", "hold_out_share"], merge.Fields.Select(field => field.Field.Name));
        Assert.Equal("mode", Assert.Single(merge.Fields, field => field.IsConflict).Field.Name);
        Assert.False(merge.IsDecided);
    }

    [Theory]
    [InlineData(true, SteeringMode.Enforce)]
    [InlineData(false, SteeringMode.Advise)]
    public void Neither_loses_what_only_they_changed(bool mine, SteeringMode mode)
    {
        var merge = new PolicyMerge(_draft, Theirs);
        merge.Choose(merge.Fields.Single(field => field.IsConflict), mine);

        merge.ApplyTo(_draft);

        Assert.Equal(4, _draft.Start.Version);
        Assert.Equal(new PolicyDocument { Mode = mode, HoldOutShare = 0.1, TargetPowerWatts = 250 }, _draft.Read().Document);
    }

    [Fact]
    public void Without_a_decision_nothing_is_merged()
    {
        var merge = new PolicyMerge(_draft, Theirs);

        Assert.Throws<InvalidOperationException>(() => merge.ApplyTo(_draft));
        Assert.Equal(3, _draft.Start.Version);
    }
}
