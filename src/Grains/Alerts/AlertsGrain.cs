using System.Collections.Immutable;
using System.Data.Common;
using EnergyTTT.Contracts.Access;
using EnergyTTT.Contracts.Alerts;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.History.Alerts;
using EnergyTTT.History.Rollouts;
using EnergyTTT.History.Series;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Policies;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Grains.Alerts;

/// <inheritdoc cref="IAlertsGrain"/>
[GrainType("alerts")]
internal sealed partial class AlertsGrain(
    AlertRuleStore rules, AlertStateStore states, QuietStore quiet, ContactPointStore contacts, NotificationStore outbox, SeriesReader series, ResidualReader residuals, RolloutStore rollouts,
    IOptions<AlertOptions> options, TimeProvider clock, ILogger<AlertsGrain> logger) : Grain, IAlertsGrain
{
    private static readonly TimeSpan Forgetting = TimeSpan.FromHours(1);

    private readonly AlertSeries _series = new(series);
    private ImmutableSortedDictionary<string, RuleStates> _rules = ImmutableSortedDictionary.Create<string, RuleStates>(StringComparer.Ordinal);
    private ImmutableArray<RuleStates> _leaving = [];
    private ImmutableDictionary<(string, string), NotifiedGroup> _groups = ImmutableDictionary<(string, string), NotifiedGroup>.Empty;
    private QuietHours _quiet = new([], []);
    private ImmutableArray<ContactPoint> _contacts = [];
    private AlertReader? _reader;
    private IGrainTimer? _timer;
    private long _epoch;
    private DateTimeOffset? _evaluatedAt;
    private DateTimeOffset _forgotAt;
    private double _seconds;
    private string? _failure;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _reader = new AlertReader(_series, residuals, rollouts, GrainFactory, options.Value.ForgetAfter);
        _epoch = await states.TakeOver(cancellationToken);
        await rules.Seed(BuiltInRules.All, cancellationToken);
        _groups = (await states.Groups(cancellationToken)).ToImmutableDictionary(group => (group.ContactPoint, group.Group));
        await ReadSettings(cancellationToken);
        var kept = (await states.Instances(cancellationToken)).ToLookup(instance => instance.Rule, StringComparer.Ordinal);
        foreach (var (name, rule) in _rules)
        {
            _rules = _rules.SetItem(name, rule with { Things = kept[name].ToImmutableDictionary(one => one.Labels.Key, Thing, StringComparer.Ordinal) });
        }

        _timer = this.RegisterGrainTimer(Look, new GrainTimerCreationOptions(TimeSpan.Zero, options.Value.Interval) { KeepAlive = true });
    }

    /// <inheritdoc/>
    public Task Wake() => Task.CompletedTask;

    /// <inheritdoc/>
    public Task<AlertOverview> Overview(CancellationToken cancellationToken = default)
    {
        var now = clock.GetUtcNow();
        return Task.FromResult(new AlertOverview(
            _evaluatedAt, _seconds,
            [.. _rules.Values.Select(rule => _failure is null ? rule.View() : rule.View() with { State = AlertState.Error, Error = _failure })],
            [.. _rules.Values.SelectMany(rule => rule.Things.Values.Where(thing => thing.Course.State != AlertState.Normal).Select(thing => rule.View(thing, _quiet, now)))
                .OrderByDescending(one => RuleStates.Weight(one.State)).ThenByDescending(one => one.Severity).ThenBy(one => one.Since)]));
    }

    /// <inheritdoc/>
    public Task<ImmutableArray<AlertCount>> Counts(CancellationToken cancellationToken = default) => Task.FromResult(_rules.Values
        .SelectMany(rule => (rule.Error is null ? [] : new[] { new AlertCount(rule.Rule.Name, rule.Rule.Severity, AlertState.Error, 1) }).Concat(rule.Things.Values.CountBy(thing => thing.Course.State).Select(pair => new AlertCount(rule.Rule.Name, rule.Rule.Severity, pair.Key, pair.Value))))
        .ToImmutableArray());

    /// <inheritdoc/>
    public Task<ImmutableArray<AlertInstance>> Things(string rule, CancellationToken cancellationToken = default)
    {
        var now = clock.GetUtcNow();
        return Task.FromResult(_rules.GetValueOrDefault(rule) is { } known
            ? [.. known.Things.Values.Select(thing => known.View(thing, _quiet, now)).OrderByDescending(one => RuleStates.Weight(one.State)).ThenBy(one => one.Instance, StringComparer.Ordinal)]
            : ImmutableArray<AlertInstance>.Empty);
    }

    /// <inheritdoc/>
    public Task<AlertPreview> Preview(AlertRule rule, CancellationToken cancellationToken = default) => new AlertPreviewer(series, residuals, clock).Try(rule, cancellationToken);

    /// <inheritdoc/>
    public Task<ImmutableArray<PolicyMistake>> Check(AlertRule rule, CancellationToken cancellationToken = default) => Task.FromResult(AlertChecks.Rule(rule, [.. _contacts.Select(contact => contact.Name)]));

    /// <inheritdoc/>
    public async Task<AlertDecision> SaveRule(string name, AlertRule? rule, long expected, string reason, string author, CancellationToken cancellationToken = default)
    {
        var mistakes = rule is null ? [] : await Check(rule, cancellationToken);
        if (string.IsNullOrWhiteSpace(reason) || reason.Length > 2000)
        {
            mistakes = mistakes.Add(new("reason", reason, "1 to 2000 characters", "a change needs a reason of 1 to 2000 characters, so that others can follow it"));
        }

        if (rule is not null && rule.Name != name)
        {
            mistakes = mistakes.Add(new("name", rule.Name, name, $"name is '{rule.Name}', the address says '{name}'; a rule keeps its name"));
        }

        var current = _rules.GetValueOrDefault(name)?.Version.Version ?? 0;
        if (rule is null && current == 0)
        {
            return new(AlertOutcome.Unknown, []);
        }

        if (!mistakes.IsEmpty)
        {
            return new(AlertOutcome.Refused, mistakes, current);
        }

        // A name that was deleted goes on counting where it stopped.
        var newest = current > 0 || expected > 0 ? expected : (await rules.Versions(name, cancellationToken)).Select(version => version.Version).FirstOrDefault();
        var saved = await rules.Save(name, newest, rule, author, reason, cancellationToken);
        await ReadSettings(cancellationToken);
        if (saved is null)
        {
            return new(AlertOutcome.Conflict, [], _rules.GetValueOrDefault(name)?.Version.Version ?? 0);
        }

        LogSaved(name, saved.Version, author, reason);
        return AlertDecision.Done with { Version = saved.Version };
    }

    /// <inheritdoc/>
    public async Task<AlertDecision> Acknowledge(AcknowledgementRequest request, string author, CancellationToken cancellationToken = default)
    {
        if (request.Comment is not { Length: <= 2000 } || string.IsNullOrWhiteSpace(request.Comment))
        {
            return new(AlertOutcome.Refused, [new("comment", "", "1 to 2000 characters", "an acknowledgement needs a comment of 1 to 2000 characters: what is being done")]);
        }

        if (_rules.GetValueOrDefault(request.Rule) is not { } rule || rule.Things.GetValueOrDefault(request.Instance) is not { } thing || !(thing.Course.Episode is not null || thing.Course.State == AlertState.NoData))
        {
            return new(AlertOutcome.Unknown, []);
        }

        if (Caller.Current is { } caller && !thing.Reading.Labels.Scopes().Any(caller.MayOperate))
        {
            throw new NotAllowedException($"{caller.Name} may acknowledge alerts of {string.Join(", ", caller.Scopes)}; {request.Instance} belongs to {string.Join(", ", thing.Reading.Labels.Scopes())}.");
        }

        var acknowledgement = new Acknowledgement(author, clock.GetUtcNow(), request.Comment.Trim());
        if (!await states.Acknowledge(request.Rule, request.Instance, acknowledgement, cancellationToken))
        {
            return new(AlertOutcome.Unknown, []);
        }

        _rules = _rules.SetItem(request.Rule, rule with { Things = rule.Things.SetItem(request.Instance, thing with { Acknowledged = acknowledgement }) });
        return AlertDecision.Done;
    }

    /// <inheritdoc/>
    public async Task<AlertDecision> Silence(SilenceRequest request, string author, CancellationToken cancellationToken = default)
    {
        var now = clock.GetUtcNow();
        var mistakes = AlertChecks.Silence(request, now);
        if (!mistakes.IsEmpty)
        {
            return new(AlertOutcome.Refused, mistakes);
        }

        RequireOwn(request.Matchers);
        var silence = new AlertSilence(Guid.NewGuid(), request.Matchers, request.From ?? now, request.Until, request.Reason.Trim(), author, now);
        await quiet.Add(silence, cancellationToken);
        await ReadSettings(cancellationToken);
        return AlertDecision.Done with { Id = silence.Id };
    }

    /// <inheritdoc/>
    public async Task<AlertDecision> EndSilence(Guid id, string author, CancellationToken cancellationToken = default)
    {
        if ((await quiet.Silences(clock.GetUtcNow(), cancellationToken)).FirstOrDefault(silence => silence.Id == id) is not { } silence)
        {
            return new(AlertOutcome.Unknown, []);
        }

        RequireOwn(silence.Matchers);
        var ended = await quiet.End(id, author, cancellationToken);
        await ReadSettings(cancellationToken);
        return ended ? AlertDecision.Done : new(AlertOutcome.Unknown, []);
    }

    /// <inheritdoc/>
    public async Task<AlertDecision> SaveMaintenance(string name, MaintenanceWindow? window, string author, CancellationToken cancellationToken = default)
    {
        var mistakes = window is null ? [] : AlertChecks.Maintenance(window);
        if (window is not null && window.Name != name)
        {
            mistakes = mistakes.Add(new("name", window.Name, name, $"name is '{window.Name}', the address says '{name}'"));
        }

        if (!mistakes.IsEmpty)
        {
            return new(AlertOutcome.Refused, mistakes);
        }

        // Who changes a window must be allowed both what it was and what it becomes.
        var before = (await quiet.Windows(cancellationToken)).FirstOrDefault(known => known.Name == name);
        if (before is not null)
        {
            RequireOwn(before.Matchers);
        }

        if (window is null)
        {
            var removed = before is not null && await quiet.Remove(name, author, cancellationToken);
            await ReadSettings(cancellationToken);
            return removed ? AlertDecision.Done : new(AlertOutcome.Unknown, []);
        }

        RequireOwn(window.Matchers);
        await quiet.Put(window, author, cancellationToken);
        await ReadSettings(cancellationToken);
        return AlertDecision.Done;
    }

    /// <inheritdoc/>
    public async Task<AlertDecision> SaveContact(string name, ContactPointChange? change, string author, CancellationToken cancellationToken = default)
    {
        if (change is null)
        {
            var removed = await contacts.Remove(name, author, cancellationToken);
            await ReadSettings(cancellationToken);
            return removed ? AlertDecision.Done : new(AlertOutcome.Unknown, []);
        }

        var mistakes = AlertChecks.Contact(change);
        if (change.ContactPoint.Name != name)
        {
            mistakes = mistakes.Add(new("name", change.ContactPoint.Name, name, $"name is '{change.ContactPoint.Name}', the address says '{name}'"));
        }

        if (!mistakes.IsEmpty)
        {
            return new(AlertOutcome.Refused, mistakes);
        }

        var isNew = (await contacts.Find(name, cancellationToken))?.Secret is null;
        var made = change.ContactPoint.Kind == ContactKind.Webhook && change.Secret is null && isNew ? ContactSecret.New() : null;
        await contacts.Put(change.ContactPoint, change.Secret ?? made, author, cancellationToken);
        await ReadSettings(cancellationToken);
        return AlertDecision.Done with { Secret = made };
    }

    /// <inheritdoc/>
    public async Task<AlertDecision> TestContact(string name, string author, CancellationToken cancellationToken = default)
    {
        if (_contacts.All(contact => contact.Name != name))
        {
            return new(AlertOutcome.Unknown, []);
        }

        var now = clock.GetUtcNow();
        var item = new AlertItem("test", "test", "A test by " + author, AlertSeverity.Info, "fleet", new(), AlertState.Alerting, now, 1, "1", 0, "Nothing is wrong: somebody tries this contact point.", null, null);
        var message = new AlertMessage(Guid.NewGuid(), name, "test", AlertMessageKind.Test, now, [item], [], Link());
        await outbox.Put(message, cancellationToken);
        return AlertDecision.Done with { Id = message.Id };
    }

    private static AlertThing Thing(StoredInstance kept) => new(new(kept.Labels, kept.Value, null, kept.Detail), new(kept.State, kept.Since, kept.Episode, kept.EpisodeSince), kept.Acknowledged);

    // An operator who is bound to scopes keeps quiet only what belongs to one of them: a condition must say so.
    private static void RequireOwn(IReadOnlyList<AlertMatcher> matchers)
    {
        if (Caller.Current is { } caller && !caller.MayOperate("fleet")
            && !matchers.Any(matcher => !matcher.Not && !matcher.Value.Contains('*', StringComparison.Ordinal) && matcher.Label is "site" or "rack" or "host" or "deployment" && caller.MayOperate($"{matcher.Label}/{matcher.Value}")))
        {
            throw new NotAllowedException($"{caller.Name} may keep quiet what belongs to {(caller.Scopes.IsEmpty ? "no scope" : string.Join(", ", caller.Scopes))}: add a condition such as {(caller.Scopes.IsEmpty ? "host=h1" : caller.Scopes[0].Replace('/', '='))}.");
        }
    }

    private async Task ReadSettings(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        _quiet = QuietHours.At(await quiet.Silences(now, cancellationToken), await quiet.Windows(cancellationToken), now);
        _contacts = [.. (await contacts.All(cancellationToken)).Select(view => view.ContactPoint)];
        var before = _rules;
        _rules = (await rules.InForce(cancellationToken)).ToImmutableSortedDictionary(
            version => version.Name,
            version => _rules.GetValueOrDefault(version.Name) is { } known ? known with { Version = version, Signal = AlertSignals.Find(version.Rule!.Signal) } : new(version, AlertSignals.Find(version.Rule!.Signal), ImmutableDictionary<string, AlertThing>.Empty), // in force
            StringComparer.Ordinal);
        _leaving = _leaving.AddRange(before.Values.Where(rule => !rule.Things.IsEmpty && !_rules.ContainsKey(rule.Rule.Name)));
    }

    private async Task Look(CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        try
        {
            await ReadSettings(cancellationToken);
            var now = clock.GetUtcNow();
            var fleet = await GrainFactory.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(-1, cancellationToken) ?? FleetSnapshot.Empty;
            _series.Begin();
            var looks = new List<AlertLook>();
            foreach (var rule in _rules.Values)
            {
                looks.Add(await LookAt(rule, fleet, now, cancellationToken));
            }

            looks.AddRange(_leaving.Where(rule => !_rules.ContainsKey(rule.Rule.Name)).Select(rule => AlertLook.Over(rule, now)));
            await Commit(looks, now, cancellationToken);
            (_evaluatedAt, _failure, _seconds) = (now, null, clock.GetElapsedTime(started).TotalSeconds);
        }
        catch (Exception error) when (error is DbException or TimeoutException or OrleansException)
        {
            // The next look tries again; states stay as they were.
            _failure = $"The last look failed: {error.Message}";
            LogLookFailed(error);
        }
    }

    private async Task<AlertLook> LookAt(RuleStates rule, FleetSnapshot fleet, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!rule.Rule.Enabled)
        {
            return AlertLook.Over(rule, now);
        }

        if (rule.Signal is not { } signal)
        {
            return AlertLook.Failed(rule, now, $"The signal '{rule.Rule.Signal}' is no longer known.");
        }

        try
        {
            return AlertLook.At(rule, await _reader!.Read(rule.Rule, signal, fleet, now, cancellationToken), now); // set when it was activated
        }
        catch (Exception error) when (error is DbException or SeriesQueryException or TimeoutException or OrleansException)
        {
            LogRuleFailed(error, rule.Rule.Name);
            return AlertLook.Failed(rule, now, error.Message);
        }
    }

    private async Task Commit(List<AlertLook> looks, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var open = looks.SelectMany(look => look.States.Things.Values.Where(thing => thing.IsOpen(look.States.Rule, now)).Select(thing => look.States.View(thing, _quiet, now))).ToList();
        var (messages, groups) = AlertGrouping.Due(open, _contacts, [.. _groups.Values], _rules.ToDictionary(pair => pair.Key, pair => pair.Value.Rule, StringComparer.Ordinal), now, Link());
        var change = new AlertChange(now, [.. looks.SelectMany(look => look.Transitions)], [.. looks.SelectMany(look => look.Kept)], [.. looks.SelectMany(look => look.Gone)], groups, messages);
        if (!await states.Write(_epoch, change, cancellationToken))
        {
            LogFenced(_epoch);
            _timer?.Dispose();
            DeactivateOnIdle();
            return;
        }

        _leaving = [];
        _rules = looks.Where(look => _rules.ContainsKey(look.States.Rule.Name)).ToImmutableSortedDictionary(look => look.States.Rule.Name, look => look.States, StringComparer.Ordinal);
        foreach (var group in groups)
        {
            _groups = group.Members.IsEmpty ? _groups.Remove((group.ContactPoint, group.Group)) : _groups.SetItem((group.ContactPoint, group.Group), group);
        }

        foreach (var transition in change.Transitions.Where(transition => transition.After == AlertState.Alerting || (transition.Episode is not null && transition.After == AlertState.Normal)))
        {
            LogBecame(transition.Rule, transition.Instance, transition.After, transition.Value, transition.Threshold);
        }

        if (now - _forgotAt >= Forgetting)
        {
            await states.Forget(now - options.Value.HistoryKept, now - options.Value.MessagesKept, cancellationToken);
            _forgotAt = now;
        }
    }

    private string? Link() => options.Value.Portal is { } portal ? new Uri(portal, "/alerts").AbsoluteUri : null;

    [LoggerMessage(LogLevel.Information, "Alert {Rule} of {Instance} became {State}: {Value}, threshold {Threshold}")]
    private partial void LogBecame(string rule, string instance, AlertState state, double? value, double threshold);

    [LoggerMessage(LogLevel.Information, "Alert rule {Rule} became version {Version} by {Author}: {Reason}")]
    private partial void LogSaved(string rule, long version, string author, string reason);

    [LoggerMessage(LogLevel.Warning, "A look at the alert rules failed; the next one tries again")]
    private partial void LogLookFailed(Exception error);

    [LoggerMessage(LogLevel.Warning, "Alert rule {Rule} could not be looked at")]
    private partial void LogRuleFailed(Exception error, string rule);

    [LoggerMessage(LogLevel.Information, "Another activation watches the alerts now; this one, of epoch {Epoch}, leaves")]
    private partial void LogFenced(long epoch);
}
