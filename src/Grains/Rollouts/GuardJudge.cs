using System.Globalization;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Wire.Rollouts;

namespace EnergyTTT.Grains.Rollouts;

/// <summary>Compares a deployment with itself before the rollout. It only calculates; who asks decides what a broken guard means.</summary>
internal static class GuardJudge
{
    /// <summary>The readings of every guard that has a bound.</summary>
    /// <param name="deployment">The deployment's name.</param>
    /// <param name="guards">The bounds.</param>
    /// <param name="before">How it was before.</param>
    /// <param name="now">How it is.</param>
    /// <param name="errors">Chunks counted and refused since the rollout began.</param>
    /// <param name="silence">Share of its GPUs and replicas that fell silent; null when none ever spoke.</param>
    public static IEnumerable<GuardReading> Judge(string deployment, RolloutGuards guards, Vitals before, Vitals now, (long Counted, long Refused) errors, double? silence)
    {
        var enough = before.Chunks >= guards.LeastChunks && now.Chunks >= guards.LeastChunks;
        if (guards.LatencyP95RiseMax is { } rise)
        {
            yield return Above("latency_p95", deployment, enough ? before.LatencyP95Ms : null, enough ? now.LatencyP95Ms : null, was => was * (1 + rise), "95th percentile of milliseconds per step", "ms");
        }

        if (guards.RetainedMassFallMax is { } fall)
        {
            // An unsteered router keeps the whole mass by definition, whether its engine reports it or not.
            double? mass = enough ? now.RetainedMass : null, then = mass is null ? null : before.RetainedMass ?? 1;
            yield return Reading("retained_mass", deployment, then, mass, then - fall, mass < then - fall, "mean retained gate mass", "");
        }

        if (guards.JoulesPerTokenRiseMax is { } cost)
        {
            var (was, joules) = JoulesPerToken(before, now, guards.LeastChunks);
            yield return Above("joules_per_token", deployment, was, joules, value => value * (1 + cost), "joules per token at equal batch sizes", "J");
        }

        if (guards.ErrorShareMax is { } most)
        {
            var all = errors.Counted + errors.Refused;
            double? share = all >= guards.LeastChunks ? (double)errors.Refused / all : null;
            yield return Reading("errors", deployment, null, share, most, share > most, "share of feedback that was refused or whose receipt did not match", "");
        }

        if (guards.TelemetryLossMax is { } loss)
        {
            yield return Reading("telemetry", deployment, null, silence, loss, silence > loss, "share of GPUs and replicas that fell silent", "");
        }
    }

    /// <summary>Joules per token before and now over the bands that both sides saw often enough, weighted by the tokens of now.</summary>
    public static (double? Before, double? Now) JoulesPerToken(Vitals before, Vitals now, int leastChunks)
    {
        double tokens = 0, was = 0, joules = 0;
        foreach (var band in now.Bands)
        {
            if (before.Bands.FirstOrDefault(other => (other.Phase, other.Band) == (band.Phase, band.Band)) is { Joules: { } then, Tokens: > 0 } like && band is { Joules: { } spent, Tokens: > 0 } && Math.Min(like.Chunks, band.Chunks) >= Math.Max(3, leastChunks / 2))
            {
                tokens += band.Tokens;
                was += then / like.Tokens * band.Tokens;
                joules += spent;
            }
        }

        return tokens > 0 ? (was / tokens, joules / tokens) : (null, null);
    }

    private static GuardReading Above(string guard, string deployment, double? before, double? now, Func<double, double> bound, string what, string unit)
    {
        double? most = before is { } was ? bound(was) : null;
        return Reading(guard, deployment, before, now, most, now > most, what, unit);
    }

    private static GuardReading Reading(string guard, string deployment, double? before, double? now, double? bound, bool broken, string what, string unit)
    {
        var state = now is null || bound is null ? GuardState.NoData : broken ? GuardState.Broken : GuardState.Holds;
        var sentence = state == GuardState.NoData ? $"{what}: not enough data yet" : $"{what} {Number(now)}{(before is null ? "" : $", {Number(before)} before")}; bound {Number(bound)}";
        return new(guard, deployment, state, sentence, before, now, bound);

        string Number(double? value) => string.Create(CultureInfo.InvariantCulture, $"{value:G4}{(unit.Length > 0 ? " " + unit : "")}");
    }
}
