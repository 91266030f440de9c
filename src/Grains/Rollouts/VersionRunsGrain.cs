using System.Collections.Immutable;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Rollouts;
using EnergyTTT.History.Runs;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Runs;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Grains.Rollouts;

/// <inheritdoc cref="IVersionRunsGrain"/>
[GrainType("version-runs")]
internal sealed partial class VersionRunsGrain(EffectReader effects, RunStore runs, DeploymentStore deployments, IOptions<VersionRunOptions> options, TimeProvider clock, ILogger<VersionRunsGrain> logger) : Grain, IVersionRunsGrain
{
    private const string Recorder = "policies";

    private readonly HashSet<long> _ended = [];

    /// <inheritdoc/>
    public async Task Look(CancellationToken cancellationToken = default)
    {
        var now = clock.GetUtcNow();
        var open = (await effects.Versions(now - options.Value.Memory, cancellationToken)).Where(effect => !_ended.Contains(effect.Version)).ToList();
        if (open.Count == 0)
        {
            return;
        }

        var names = (await deployments.List(cancellationToken)).Select(stored => stored.Name).ToList();
        foreach (var effect in open)
        {
            var origin = await OriginOf(names.Where(name => PolicyScopes.ReachesDeployment(effect.Scope, name)), cancellationToken);
            var until = effect.At + options.Value.Watch;
            until = effect.Until < until ? effect.Until.Value : until;
            await (now < until ? Begin(effect, origin, cancellationToken) : End(effect, origin, until, cancellationToken));
        }
    }

    private async Task Begin(VersionInEffect effect, Origin origin, CancellationToken cancellationToken)
    {
        var bundle = VersionRun.Of(effect, [], [], origin, null);
        var decision = await runs.Start(bundle, Recorder, cancellationToken);
        if (decision.Outcome == RunOutcome.Unchanged)
        {
            await runs.Beat(bundle.Run.Id, Recorder, cancellationToken);
        }
        else if (decision.Outcome == RunOutcome.Recorded)
        {
            LogBegan(effect.Version, effect.Scope, bundle.Run.Id);
        }
    }

    private async Task End(VersionInEffect effect, Origin origin, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var deployment = effect.Scope == PolicyScopes.Fleet ? null : PolicyScopes.NameOf(effect.Scope);
        var from = effect.At - (until - effect.At);
        from = effect.BeforeAt > from ? effect.BeforeAt.Value : from;

        // The minute in which it took effect belongs to neither side.
        var before = await effects.Minutes(deployment, from, Minute(effect.At), cancellationToken);
        var after = await effects.Minutes(deployment, Minute(effect.At).AddMinutes(1), until, cancellationToken);
        var bundle = VersionRun.Of(effect, before, after, origin, until);
        await runs.Start(VersionRun.Of(effect, [], [], origin, null), Recorder, cancellationToken);
        var decision = await runs.Finish(bundle, Recorder, cancellationToken);
        _ended.Add(effect.Version);
        LogEnded(effect.Version, effect.Scope, decision.Outcome, bundle.Run.Reason ?? decision.Explanation ?? "");
    }

    /// <summary>The weakest origin of some deployments.</summary>
    private async Task<Origin> OriginOf(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var views = await Task.WhenAll(names.Select(name => GrainFactory.GetGrain<IDeploymentGrain>(IDeploymentGrain.KeyOf(name)).View(cancellationToken)));
        return views.OfType<DeploymentView>().Select(view => view.Origin).DefaultIfEmpty(Origin.Measured).Max();
    }

    private static DateTimeOffset Minute(DateTimeOffset time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerMinute), time.Offset);

    [LoggerMessage(LogLevel.Information, "Version {Version} of {Scope} took effect: run {Run} watches what it saves")]
    private partial void LogBegan(long version, string scope, Guid run);

    [LoggerMessage(LogLevel.Information, "The run of version {Version} of {Scope} ended ({Outcome}): {Reason}")]
    private partial void LogEnded(long version, string scope, RunOutcome outcome, string reason);
}

/// <summary>How long versions of policies are watched.</summary>
public sealed class VersionRunOptions
{
    /// <summary>How long a version is compared with the one before; an equal time before it is looked at.</summary>
    public TimeSpan Watch { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How old a version may be whose run is still ended, after this product was away.</summary>
    public TimeSpan Memory { get; set; } = TimeSpan.FromHours(24);
}
