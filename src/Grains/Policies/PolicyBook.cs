using System.Collections.Immutable;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.History.Policies;
using EnergyTTT.History.Rollouts;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;

namespace EnergyTTT.Grains.Policies;

/// <summary>
/// What is in force in every scope, read whole and at most once a second by each silo, however many deployments ask. Who was told of a change asks with
/// <see cref="Fresh"/>, which reads again after the question was put; questions that come meanwhile share one reading.
/// </summary>
public sealed class PolicyBook(PolicyStore store, RolloutStore rollouts, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1);
    private PolicyPage? _page;
    private long _readAt;
    private long _asked;
    private long _answered;

    /// <summary>What was in force within the last second.</summary>
    public ValueTask<PolicyPage> Recent(CancellationToken cancellationToken) =>
        Volatile.Read(ref _page) is { } page && clock.GetElapsedTime(Volatile.Read(ref _readAt)) < Freshness ? new(page) : new(Read(null, cancellationToken));

    /// <summary>What is in force now.</summary>
    public Task<PolicyPage> Fresh(CancellationToken cancellationToken) => Read(Interlocked.Increment(ref _asked), cancellationToken);

    // Rollouts first: one that is promoted in between is then seen as open with its version in force, which is the same policy.
    private async Task<PolicyPage> Read(CancellationToken cancellationToken)
    {
        var open = await rollouts.Open(cancellationToken);
        return new PolicyPage((await store.InForce(cancellationToken)).ToImmutableDictionary(version => version.Scope, StringComparer.Ordinal)) { Rollouts = open };
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    private async Task<PolicyPage> Read(long? ticket, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var isDone = ticket is { } mine ? _answered >= mine : _page is not null && clock.GetElapsedTime(_readAt) < Freshness;
            if (!isDone)
            {
                var (answers, now) = (Interlocked.Read(ref _asked), clock.GetTimestamp());
                Volatile.Write(ref _page, await Read(cancellationToken));
                Volatile.Write(ref _readAt, now);
                _answered = answers;
            }

            return _page!; // read above or before
        }
        finally
        {
            _turn.Release();
        }
    }
}

/// <summary>The versions in force at one moment.</summary>
/// <param name="Versions">By scope; a scope that never had one is absent.</param>
public sealed record PolicyPage(ImmutableDictionary<string, PolicyVersion> Versions)
{
    /// <summary>Nothing was ever set.</summary>
    public static PolicyPage Empty { get; } = new(ImmutableDictionary<string, PolicyVersion>.Empty);

    /// <summary>The version of a scope; version 0 with an empty document when there is none.</summary>
    public PolicyVersion Of(string scope) => Versions.GetValueOrDefault(scope) ?? PolicyVersion.Unset(scope);

    /// <summary>The rollouts that are open.</summary>
    public ImmutableArray<Rollout> Rollouts { get; init; } = [];

    /// <summary>The rollout that is open in a scope; null when there is none.</summary>
    public Rollout? RolloutIn(string scope) => Rollouts.FirstOrDefault(rollout => rollout.Scope == scope);

    /// <summary>The policy of a deployment as a whole: one that is tried counts once it is tried by all of its routers.</summary>
    public EffectivePolicy Routing(string deployment, int layers, DateTimeOffset now) =>
        Routing(deployment, rollout => Enumerable.Range(0, layers).All(layer => rollout.Chooses(deployment, layer)), now);

    /// <summary>The policy of one router.</summary>
    public EffectivePolicy RoutingOf(string deployment, int layer, DateTimeOffset now) => Routing(deployment, rollout => rollout.Chooses(deployment, layer), now);

    private EffectivePolicy Routing(string deployment, Func<Rollout, bool> isChosen, DateTimeOffset now)
    {
        string[] chain = [PolicyScopes.Fleet, PolicyScopes.Deployment(deployment)];
        var tried = Rollouts.Where(rollout => chain.Contains(rollout.Scope) && isChosen(rollout)).ToList();
        return EffectivePolicy.ResolveAt(now, chain.Select(scope =>
            tried.FirstOrDefault(rollout => rollout.Scope == scope) is { } rollout ? (rollout.Version, rollout.Document) : (Of(scope).Version, Of(scope).Document))) with { Rollout = tried.Count > 0 ? tried.Max(rollout => rollout.Id) : 0 };
    }

    /// <summary>The policy of the hardware of a host.</summary>
    public HardwarePolicy Hardware(string? site, string? rack, string host, DateTimeOffset now) => HardwarePolicy.ResolveAt(now, Numbered(PolicyChains.OfHost(site, rack, host)));

    private IEnumerable<(long, PolicyDocument)> Numbered(IEnumerable<string> scopes) => scopes.Select(Of).Select(version => (version.Version, version.Document));
}

/// <summary>Which scopes count for which.</summary>
public static class PolicyChains
{
    /// <summary>The scopes of a host, widest first.</summary>
    public static IEnumerable<string> OfHost(string? site, string? rack, string host)
    {
        yield return PolicyScopes.Fleet;
        if (site is not null)
        {
            yield return PolicyScopes.Site(site);
        }

        if (rack is not null)
        {
            yield return PolicyScopes.Rack(rack);
        }

        yield return PolicyScopes.Host(host);
    }

    /// <summary>The scopes wider than one, widest first. Where a rack or host stands is read from the fleet; for one that was never seen only the fleet is wider.</summary>
    public static ImmutableArray<string> WiderThan(string scope, FleetSnapshot? fleet)
    {
        var name = PolicyScopes.NameOf(scope);
        return PolicyScopes.KindOf(scope) switch
        {
            PolicyScopes.Fleet => [],
            "rack" when fleet?.Gpus.FirstOrDefault(gpu => gpu.Rack == name) is { Site: { } site } => [PolicyScopes.Fleet, PolicyScopes.Site(site)],
            "host" when fleet?.Gpus.FirstOrDefault(gpu => gpu.Host == name) is { } gpu => [.. OfHost(gpu.Site, gpu.Rack, gpu.Host).SkipLast(1)],
            _ => [PolicyScopes.Fleet],
        };
    }

    /// <summary>Whether a change of one scope reaches another.</summary>
    public static bool Reaches(string scope, string narrower, FleetSnapshot? fleet) => scope != narrower && WiderThan(narrower, fleet).Contains(scope);
}
