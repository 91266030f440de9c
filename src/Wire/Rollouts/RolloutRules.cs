using System.Collections.Immutable;
using System.Globalization;
using EnergyTTT.Wire.Policies;

namespace EnergyTTT.Wire.Rollouts;

/// <summary>What is wrong with a rollout beside its document.</summary>
public static class RolloutRules
{
    /// <summary>Everything that is wrong, all at once.</summary>
    public static ImmutableArray<PolicyMistake> Check(RolloutRequest request, string scope)
    {
        ArgumentNullException.ThrowIfNull(request);
        var mistakes = ImmutableArray.CreateBuilder<PolicyMistake>();
        if (PolicyScopes.ChainOf(scope) == PolicyChain.Hardware)
        {
            mistakes.Add(new("scope", scope, "fleet or deployment/NAME", $"'{scope}' belongs to the hardware, which is a part of the fleet already: save its policy directly; a rollout tries what the fleet or a deployment sets"));
        }

        if (string.IsNullOrWhiteSpace(request.Reason) || request.Reason.Length > 2000)
        {
            mistakes.Add(new("reason", request.Reason ?? "", "1 to 2000 characters", "a rollout needs a reason of 1 to 2000 characters, so that others can follow it"));
        }

        var guards = request.Guards ?? new();
        if (request.Share is { } share && !(share > 0 && share <= 1))
        {
            Range("share", share, "above 0 to 1");
        }

        if (request.Deployments is { Count: 0 } || request.Racks is { Count: 0 })
        {
            mistakes.Add(new(request.Deployments is { Count: 0 } ? "deployments" : "racks", "", "at least one name", "an empty list chooses nothing; name at least one, or leave it out for all"));
        }

        Bound("guards.latency_p95_rise_max", guards.LatencyP95RiseMax, 0.005, 10);
        Bound("guards.retained_mass_fall_max", guards.RetainedMassFallMax, 0.0001, 0.5);
        Bound("guards.joules_per_token_rise_max", guards.JoulesPerTokenRiseMax, 0.005, 10);
        Bound("guards.error_share_max", guards.ErrorShareMax, 0, 1);
        Bound("guards.telemetry_loss_max", guards.TelemetryLossMax, 0, 1);
        Bound("guards.baseline_seconds", guards.BaselineSeconds, 30, 3600);
        Bound("guards.window_seconds", guards.WindowSeconds, 10, 600);
        Bound("guards.least_chunks", guards.LeastChunks, 3, 1000);
        Bound("promote_after_seconds", request.PromoteAfterSeconds, 10, 7 * 86_400);
        return mistakes.ToImmutable();

        void Bound(string field, double? value, double low, double high)
        {
            if (value is { } given && !(given >= low && given <= high))
            {
                Range(field, given, string.Create(CultureInfo.InvariantCulture, $"{low} to {high}"));
            }
        }

        void Range(string field, double value, string bound) => mistakes.Add(new(field, value.ToString(CultureInfo.InvariantCulture), bound, string.Create(CultureInfo.InvariantCulture, $"{field} is {value}; it must lie in {bound}")));
    }
}
