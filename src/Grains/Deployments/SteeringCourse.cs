using System.Text.Json;
using EnergyTTT.Evidence.Promotions;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Grains.Deployments;

/// <summary>
/// The promotion protocol: shadow, canary in randomised blocks, promotion on evidence, hold-out for ever, revert when it loses. It applies to a
/// generation (a policy version with its strategy), not to single epochs: within a generation the bias moves by small, bounded steps, and the
/// hold-out measures all of them together.
/// </summary>
internal static class SteeringCourse
{
    /// <summary>The next state of a course; null while it stays as it is.</summary>
    public static DeploymentCourse? Next(DeploymentCourse course, EffectivePolicy policy, SavingEstimate? saving, DateTimeOffset now, DeploymentOptions options)
    {
        if (policy.Mode == SteeringMode.Off)
        {
            return null;
        }

        // A rollout is a canary of its own, with guards: going into one, out of it or back, the deployment goes on in its stage.
        if (course.PolicyVersion >= 0 && course.PolicyVersion != policy.Version && (policy.Rollout != 0 || course.Rollout != 0) && course.Stage != CourseStage.Reverted)
        {
            return course with { PolicyVersion = policy.Version, Strategy = policy.Strategy, Rollout = policy.Rollout, Reason = policy.Rollout != 0 ? $"rollout {policy.Rollout} of policy version {policy.Version}" : $"policy version {policy.Version} after rollout {course.Rollout}" };
        }

        if (course.Rollout != policy.Rollout)
        {
            return course with { Rollout = policy.Rollout };
        }

        if (course.PolicyVersion != policy.Version || course.Strategy != policy.Strategy)
        {
            return Enter(course with { PolicyVersion = policy.Version, Strategy = policy.Strategy }, CourseStage.Shadow, $"policy version {policy.Version}, strategy {policy.Strategy}");
        }

        if (policy.Mode != SteeringMode.Enforce)
        {
            return course.Stage is CourseStage.Canary or CourseStage.Promoted ? Enter(course, CourseStage.Shadow, $"the policy's mode is {policy.Mode}") : null;
        }

        return course.Stage switch
        {
            CourseStage.Shadow when now - course.Since >= options.Shadow => policy.Promotion == PromotionEvidence.Immediate
                ? Enter(course, CourseStage.Promoted, "the policy promotes without a canary")
                : Enter(course, CourseStage.Canary, "the shadow is over"),
            CourseStage.Canary when saving is not null => Judge(course, saving),
            CourseStage.Promoted when saving is not null => Reverted(course, saving, "the hold-out"),
            _ => null,
        };

        DeploymentCourse? Reverted(DeploymentCourse current, SavingEstimate estimate, string witness) =>
            PromotionRule.ReasonsToRevert(estimate.LogRatios.AsSpan(), estimate.Guards) is { IsEmpty: false } reasons
                ? Enter(current, CourseStage.Reverted, $"{witness} shows {string.Join(", ", reasons)}{(estimate.QualityFault is { } fault ? $" ({fault})" : "")}: {estimate.Saving}")
                : null;

        DeploymentCourse? Judge(DeploymentCourse current, SavingEstimate estimate)
        {
            if (Reverted(current, estimate, "the canary") is { } reverted)
            {
                return reverted;
            }

            // The sequential test is valid whenever one looks.
            var decision = PromotionRule.Sequential(estimate.LogRatios.AsSpan(), estimate.Saving.Origin, test: 1, estimate.Guards);
            return decision.Outcome == PromotionOutcome.Promote ? Enter(current, CourseStage.Promoted, estimate.Saving.ToString()) : null;
        }

        DeploymentCourse Enter(DeploymentCourse current, CourseStage stage, string reason) => current with { Stage = stage, Since = now, Reason = reason };
    }

    /// <summary>What an epoch rests on, as JSON for its record.</summary>
    public static string EvidenceOf(DeploymentCourse course, SavingEstimate? saving) => JsonSerializer.Serialize(new
    {
        stage_reason = course.Reason,
        stage_since = course.Since,
        saving = saving?.Saving.ToString(),
        pairs = saving?.Saving.Pairs ?? 0,
        percent = saving?.Saving.Percent,
        ci95_low = saving?.Saving.Ci95Low,
        ci95_high = saving?.Saving.Ci95High,
        origin = saving?.Saving.Origin.ToString().ToLowerInvariant(),
    });
}
