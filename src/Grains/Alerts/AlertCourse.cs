using System.Security.Cryptography;
using System.Text;
using EnergyTTT.Wire.Alerts;

namespace EnergyTTT.Grains.Alerts;

/// <summary>How one thing stands under one rule, and how it goes on with the next reading. It only calculates: the same readings at the same times give the same states, live and in a preview.</summary>
/// <param name="State">How it stands.</param>
/// <param name="Since">Since when.</param>
/// <param name="Episode">The alert that is open; null when none is.</param>
/// <param name="EpisodeSince">When it began to alert.</param>
internal readonly record struct AlertCourse(AlertState State, DateTimeOffset Since, Guid? Episode = null, DateTimeOffset? EpisodeSince = null)
{
    /// <summary>A thing that was never looked at before.</summary>
    public static AlertCourse New(DateTimeOffset now) => new(AlertState.Normal, now);

    /// <summary>The state after a reading; null is silence.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="thing">What tells the thing from the others of the rule; names the alert that it may begin.</param>
    public AlertCourse Next(AlertRule rule, string thing, double? value, DateTimeOffset now)
    {
        var isBroken = value is { } reading ? rule.IsBroken(reading) : rule.NoData == NoDataChoice.Alert;
        if (value is null && !isBroken)
        {
            return rule.NoData == NoDataChoice.Keep && State is AlertState.Pending or AlertState.Alerting or AlertState.Recovering ? this : Become(AlertState.NoData, now);
        }

        if (isBroken)
        {
            return Broken(rule, thing, now);
        }

        // Between recovery and threshold an alert goes on, and nothing begins.
        if (Episode is not null && !rule.IsGood(value.GetValueOrDefault()))
        {
            return Become(AlertState.Alerting, now);
        }

        var recovering = Episode is null ? this : Become(AlertState.Recovering, now);
        return Episode is null || now - recovering.Since >= TimeSpan.FromSeconds(rule.RecoverSeconds) ? Become(AlertState.Normal, now) with { Episode = null, EpisodeSince = null } : recovering;
    }

    private AlertCourse Broken(AlertRule rule, string thing, DateTimeOffset now)
    {
        if (Episode is not null)
        {
            return Become(AlertState.Alerting, now);
        }

        var pending = Become(AlertState.Pending, now);
        return now - pending.Since < TimeSpan.FromSeconds(rule.ForSeconds) ? pending : new(AlertState.Alerting, now, Name(rule.Name, thing, now), now);
    }

    private AlertCourse Become(AlertState state, DateTimeOffset now) => State == state ? this : this with { State = state, Since = now };

    // Named after what it is, so that who looks twice at the same moment names the same alert.
    private static Guid Name(string rule, string thing, DateTimeOffset since) => new(SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"alert\n{rule}\n{thing}\n{since.UtcTicks}"))).AsSpan(0, 16));
}
