using EnergyTTT.Grains.Deployments;
using EnergyTTT.History.Deployments;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.Grains.Tests.Deployments;

public sealed class SteeringCourseTests
{
    private static readonly QualityBounds Guarded = QualityBounds.Of(EngineSelector.Full, 0.95);
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);
    private static readonly DeploymentOptions Options = new();
    private static readonly EffectivePolicy Enforce = EffectivePolicy.Defaults with { Version = 7, Mode = SteeringMode.Enforce };
    private static readonly DeploymentCourse Canary = new() { PolicyVersion = 7, Strategy = "EnergyAwareTTT", Stage = CourseStage.Canary, Since = Start };

    [Fact]
    public void A_new_policy_version_begins_in_shadow_whatever_was_in_force() =>
        Assert.Equal(CourseStage.Shadow, SteeringCourse.Next(Canary with { PolicyVersion = 6, Stage = CourseStage.Promoted }, Enforce, null, Start, Options)!.Stage);

    [Fact]
    public void The_shadow_ends_in_a_canary_after_its_time()
    {
        var shadow = Canary with { Stage = CourseStage.Shadow };

        Assert.Null(SteeringCourse.Next(shadow, Enforce, null, Start.AddSeconds(29), Options));
        Assert.Equal(CourseStage.Canary, SteeringCourse.Next(shadow, Enforce, null, Start.AddSeconds(30), Options)!.Stage);
        Assert.Equal(CourseStage.Promoted, SteeringCourse.Next(shadow, Enforce with { Promotion = PromotionEvidence.Immediate }, null, Start.AddSeconds(30), Options)!.Stage);
    }

    [Fact]
    public void A_measured_saving_promotes_and_the_same_saving_modelled_does_not()
    {
        Assert.Equal(CourseStage.Promoted, SteeringCourse.Next(Canary, Enforce, Estimate(0.90, Origin.Measured), Start, Options)!.Stage);
        Assert.Null(SteeringCourse.Next(Canary, Enforce, Estimate(0.90, Origin.Simulated), Start, Options));
    }

    [Fact]
    public void A_loss_reverts_from_canary_and_from_promotion()
    {
        Assert.Equal(CourseStage.Reverted, SteeringCourse.Next(Canary, Enforce, Estimate(1.10, Origin.Measured), Start, Options)!.Stage);
        Assert.Equal(CourseStage.Reverted, SteeringCourse.Next(Canary with { Stage = CourseStage.Promoted }, Enforce, Estimate(1.10, Origin.Measured), Start, Options)!.Stage);
    }

    [Fact]
    public void A_broken_quality_guard_reverts_although_energy_is_saved_and_says_what_was_lost()
    {
        var next = SteeringCourse.Next(Canary, Enforce, Estimate(0.80, Origin.Measured, leastMass: 0.90), Start, Options)!;

        Assert.Equal(CourseStage.Reverted, next.Stage);
        Assert.StartsWith("the canary shows quality_worse (the first percentile of the retained mass was 0.9000 in block 101, at least 0.9490 is expected): ", next.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.985, 0.91, 0.015, true)]
    [InlineData(0.979, 0.91, 0.015, false)]
    [InlineData(0.985, 0.89, 0.015, false)]
    [InlineData(0.985, 0.91, 0.021, false)]
    public void Where_nothing_guards_a_token_the_measured_quality_is_bounded(double mean, double p01, double kl, bool held)
    {
        var rows = Rows(0.9, Origin.Measured).Select(row => row.Arm == SteeringArm.HeldOut ? row : row with { RetainedMass = mean, RetainedMassP01 = p01, KlMean = kl }).ToList();

        Assert.Equal(held, SavingEstimate.Of(rows, 30, Origin.Measured, QualityBounds.Of(EngineSelector.BiasOnly, 0.95)).Guards.QualityHeld);
    }

    [Theory]
    [InlineData(SteeringMode.Observe)]
    [InlineData(SteeringMode.Advise)]
    public void A_policy_that_does_not_enforce_takes_steering_back(SteeringMode mode) =>
        Assert.Equal(CourseStage.Shadow, SteeringCourse.Next(Canary, Enforce with { Mode = mode }, null, Start, Options)!.Stage);

    [Fact]
    public void Blocks_of_different_phases_or_batch_bands_are_never_paired()
    {
        var rows = Rows(0.9, Origin.Measured).Select((row, i) => row with { Phase = i % 2 == 0 ? InferencePhase.Decode : InferencePhase.Prefill }).ToList();

        Assert.Equal(0, SavingEstimate.Of(rows, 30, Origin.Measured, Guarded).Saving.Pairs);
        Assert.Equal(20, SavingEstimate.Of(Rows(0.9, Origin.Measured), 30, Origin.Measured, Guarded).Saving.Pairs);
    }

    [Fact]
    public void A_block_belongs_to_the_arm_of_most_of_its_tokens_and_a_gap_parts_neighbours()
    {
        var rows = Rows(0.9, Origin.Measured);
        rows.Add(rows[0] with { Arm = SteeringArm.Treated, Tokens = 10, MeasuredJoules = 99 });

        Assert.Equal(10, SavingEstimate.Of(rows, 30, Origin.Measured, Guarded).Saving.Percent!.Value, 6);
        Assert.Equal(0, SavingEstimate.Of([.. rows.Select(row => row with { Block = row.Block * 2 })], 30, Origin.Measured, Guarded).Saving.Pairs);
    }

    private static SavingEstimate Estimate(double ratio, Origin origin, double leastMass = 0.96) =>
        SavingEstimate.Of([.. Rows(ratio, origin).Select(row => row with { RetainedMassP01 = leastMass })], 30, origin, Guarded);

    private static List<ArmBlock> Rows(double ratio, Origin origin) =>
    [
        .. Enumerable.Range(0, 40).Select(i =>
        {
            // Slow drift of 20 % over the run: pairs cancel it, sums would not.
            var joules = 1000 * (1 + (0.005 * (i / 2))) * (i % 2 == 0 ? 1 : ratio);
            return new ArmBlock(100 + i, i % 2 == 0 ? SteeringArm.HeldOut : SteeringArm.Treated, InferencePhase.Decode, 4, 10_000, origin == Origin.Measured ? joules : null, joules, 4, 40, 0.98, 0.96, 0.01);
        }),
    ];
}
