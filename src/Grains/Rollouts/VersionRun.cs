using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EnergyTTT.Evidence.Receipts;
using EnergyTTT.Evidence.Savings;
using EnergyTTT.History.Rollouts;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Grains.Rollouts;

/// <summary>
/// The run of a version that took effect: its minutes against those of the version before, paired in order within the same deployment, phase and band of batch sizes. Before and after are
/// not interleaved, so that the run is never publishable and says so; the hold-out of a deployment is what proves a saving.
/// </summary>
internal static class VersionRun
{
    private const string Method = "minutes_before_and_after_t";

    /// <summary>The identity of a version's run: always the same.</summary>
    public static Guid IdOf(long version) => new(SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"policy-version/{version}"))).AsSpan(0, 16));

    /// <summary>The run.</summary>
    /// <param name="effect">The version.</param>
    /// <param name="before">Minutes before it took effect.</param>
    /// <param name="after">Minutes since.</param>
    /// <param name="telemetry">The weakest origin of the deployments' GPUs.</param>
    /// <param name="finished">When the comparison ended; null while it goes on.</param>
    public static RunBundle Of(VersionInEffect effect, ImmutableArray<MinuteOfBand> before, ImmutableArray<MinuteOfBand> after, Origin telemetry, DateTimeOffset? finished)
    {
        var (control, treated) = (Name(effect.Before), Name(effect.Version));
        var measured = before.Concat(after).Any() && before.Concat(after).All(minute => minute.MeasuredJoules is not null);
        var origin = measured ? telemetry : (Origin)Math.Max((int)Origin.Modelled, (int)telemetry);
        double? Joules(MinuteOfBand minute) => measured ? minute.MeasuredJoules : minute.ModelledJoules;
        double[] ratios =
        [
            .. before.GroupBy(Like).SelectMany(then => then.Where(minute => Joules(minute) > 0).Zip(
                after.Where(minute => Like(minute) == then.Key && Joules(minute) > 0), (was, now) => Math.Log(Joules(now)!.Value / now.Tokens / (Joules(was)!.Value / was.Tokens)))), // filtered
        ];
        var saving = Saving.Of(ratios, origin);
        var isOver = finished is not null;
        ImmutableArray<RunTrial> trials = isOver ? [.. Trials(control, before, 0), .. Trials(treated, after, before.Length)] : [];
        return new RunBundle
        {
            Schema = RunBundle.CurrentSchema,
            Run = new RunDescription
            {
                Id = IdOf(effect.Version),
                Kind = "policy",
                Name = effect.Before == 0 ? $"policy version {effect.Version} of {effect.Scope}" : $"policy version {effect.Version} of {effect.Scope} against version {effect.Before}",
                Started = effect.At,
                Finished = finished,
                State = isOver ? RunState.Completed : RunState.Running,
                Origin = origin,
                Reason = isOver ? Sentence(effect, saving) : null,
                Parameters = new(StringComparer.Ordinal) { ["policy_version"] = effect.Version, ["before_version"] = effect.Before },
                Tags = new(StringComparer.Ordinal) { ["scope"] = effect.Scope, ["author"] = effect.Author, ["reason"] = effect.Reason.Length > 200 ? effect.Reason[..200] : effect.Reason },
                Metrics = isOver && saving.Percent is { } percent ? new(StringComparer.Ordinal) { ["saving_percent"] = percent } : [],
            },
            Arms = isOver ? [Arm(control, before, origin), Arm(treated, after, origin)] : [],
            Trials = trials,
            Comparisons = !isOver ? [] :
            [
                new RunComparison
                {
                    Control = control, Treated = treated, Pairs = saving.Pairs, Origin = origin, Method = Method, SavingPercent = saving.Percent, LogRatios = ratios,
                    Ci95 = saving is { Ci95Low: { } low, Ci95High: { } high } ? [low, high] : null,
                    Verdict = saving.Verdict,
                    Publishable = false, Reasons = [.. saving.Reasons, ReasonCode.NotInterleaved],
                },
            ],
        };

        IEnumerable<RunTrial> Trials(string arm, ImmutableArray<MinuteOfBand> minutes, int first) => minutes.Select((minute, i) => new RunTrial
        {
            Block = first + i, Arm = arm, Started = minute.Minute, Finished = minute.Minute.AddMinutes(1), Seconds = 60, Tokens = minute.Tokens, Origin = origin, Joules = Joules(minute),
            RetainedMassMean = minute.RetainedMass, DistinctExperts = minute.DistinctExperts, Codes = [ReasonCode.NotInterleaved],
        });

        RunArm Arm(string arm, ImmutableArray<MinuteOfBand> minutes, Origin of)
        {
            var tokens = minutes.Sum(minute => minute.Tokens);
            return new RunArm
            {
                Name = arm, Strategy = arm, Grouping = "serving", Phase = "mixed", BatchSize = minutes.IsEmpty ? 0 : (int)Math.Pow(2, minutes.GroupBy(minute => minute.Band).MaxBy(group => group.Sum(minute => minute.Tokens))!.Key), // not empty
                Trials = minutes.Length, Tokens = tokens, Origin = of, JoulesPerToken = tokens > 0 && minutes.All(minute => Joules(minute) is not null) ? minutes.Sum(minute => Joules(minute)!.Value) / tokens : null, // checked
                RetainedMassMean = minutes.Select(minute => minute.RetainedMass).OfType<double>().Cast<double?>().DefaultIfEmpty().Average(), DistinctExperts = minutes.Select(minute => minute.DistinctExperts).OfType<double>().Cast<double?>().DefaultIfEmpty().Average(),
            };
        }
    }

    private static string Name(long version) => version == 0 ? "defaults" : string.Create(CultureInfo.InvariantCulture, $"version {version}");

    private static (string, int, int) Like(MinuteOfBand minute) => (minute.Deployment, minute.Phase, minute.Band);

    private static string Sentence(VersionInEffect effect, Saving saving) => saving is { Percent: { } percent, Ci95Low: { } low, Ci95High: { } high }
        ? string.Create(CultureInfo.InvariantCulture, $"version {effect.Version} took {Math.Abs(percent):0.0} % {(percent >= 0 ? "fewer" : "more")} joules per token than {Name(effect.Before)} (95 % interval {low:0.0} to {high:0.0} %, {saving.Pairs} pairs of minutes, {saving.Origin.ToString().ToLowerInvariant()}, not interleaved)")
        : $"too few minutes of equal batch sizes before and after to compare version {effect.Version} with {Name(effect.Before)}";
}
