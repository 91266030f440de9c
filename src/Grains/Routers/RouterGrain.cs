using System.Collections.Immutable;
using System.Data.Common;
using System.Text.Json;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.Grains.Deployments;
using EnergyTTT.History.Routers;
using EnergyTTT.Routing.FastWeights;
using EnergyTTT.Routing.Learning;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace EnergyTTT.Grains.Routers;

/// <inheritdoc cref="IRouterGrain"/>
[GrainType("router")]
public sealed partial class RouterGrain(
    [PersistentState(RouterMemory.StateName)] IPersistentState<RouterMemory> memory,
    SnapshotStore snapshots,
    UsageReader history,
    CostTables costs,
    RouterInstruments instruments,
    LearningLane lane,
    IOptions<RouterOptions> options,
    TimeProvider clock,
    ILogger<RouterGrain> logger) : Grain, IRouterGrain
{
    private readonly DeviceReadings _devices = new();
    private readonly UsageShare _usage = new();
    private string _key = "";
    private int _layer;
    private RouterSetup? _setup;
    private bool _told;
    private RouterLearner? _learner;
    private PendingWindow? _pending;
    private KeptSamples? _samples;
    private long? _snapshotNumber;
    private string? _snapshotSha256;
    private long _snapshotStep;
    private DateTimeOffset _snapshotAt;
    private long _lostUpdates;
    private string? _startReason;
    private DateTimeOffset? _appliedAt;
    private TimeSpan _longest;
    private TimeSpan _last;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _key = this.GetPrimaryKeyString();
        _layer = int.Parse(_key[(_key.LastIndexOf('/') + 1)..], System.Globalization.CultureInfo.InvariantCulture);
        if (memory.State.Setup is { } setup)
        {
            // Whoever calls first finds the router as its snapshot left it; what has changed meanwhile its deployment tells at its next beat.
            try
            {
                await TakeOver(setup, cancellationToken);
            }
            catch (Exception error) when (error is ArgumentException or DbException)
            {
                // A setup of another version of the product, or no database: the deployment tells it what to do.
                LogWaits(error, _key);
            }
        }
    }

    /// <inheritdoc/>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        try
        {
            if (_learner is not null && _learner.Statistics.UpdateCount > _snapshotStep)
            {
                await Save("deactivation", promoted: false, cancellationToken);
            }
        }
        catch (DbException error)
        {
            LogNotSaved(error, _key);
        }
        finally
        {
            _learner?.Dispose();
        }
    }

    /// <inheritdoc/>
    public async Task<long> Configure(RouterSetup setup, CancellationToken cancellationToken = default)
    {
        var version = await TakeOver(setup, cancellationToken);
        _told = true;
        return version;
    }

    private async Task<long> TakeOver(RouterSetup setup, CancellationToken cancellationToken)
    {
        var first = _setup is null;
        if (!first && Same(_setup!, setup)) // not null: it is not the first
        {
            return _setup!.Policy.Version; // as above
        }

        var settings = LearnerSettings.Of(setup, costs.Find(setup.CostTable), SeedOf(_key));
        if (!first && LearnerSettings.RevisionOf(_setup!) == LearnerSettings.RevisionOf(setup) && _learner!.Follow(settings)) // set together
        {
            (_setup, _appliedAt) = (setup, clock.GetUtcNow());
            return setup.Policy.Version;
        }

        var learner = new RouterLearner(settings, clock);
        if (first)
        {
            await Resume(setup, learner, cancellationToken);
        }
        else if (_learner is { } before && before.Options.Strategy.UsesFastWeights && settings.Strategy.UsesFastWeights && LearnerSettings.RevisionOf(_setup!) == LearnerSettings.RevisionOf(setup)) // as above
        {
            // A new policy keeps what was learned.
            var (blob, sidecar) = before.Export(_key, LearnerSettings.RevisionOf(setup), (uint)_layer, _snapshotSha256);
            _startReason = learner.Import(blob, sidecar, LearnerSettings.RevisionOf(setup));
        }

        _learner?.Dispose();
        (_learner, _setup, _appliedAt) = (learner, setup, clock.GetUtcNow());
        _pending ??= new PendingWindow(setup.Experts, options.Value.PendingRows);
        _samples ??= new KeptSamples(setup.Experts);
        return setup.Policy.Version;
    }

    /// <inheritdoc/>
    public Task Learn(Immutable<RouterChunk> chunk)
    {
        // Before the first Configure there is nothing to learn with; the history keeps the chunk.
        if (_pending is { } pending && chunk.Value.Layer.ExpertCounts.Count == _setup!.Experts) // set together
        {
            pending.Add(chunk.Value);
            _usage.Add(chunk.Value.Layer.ExpertCounts);
            _samples!.Add(chunk.Value); // set together
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<RouterProposal?> Propose(ImmutableArray<DeviceOutlook> devices, CancellationToken cancellationToken = default)
    {
        // What it kept may be old: its deployment tells it first what it serves now.
        if (!_told || _learner is not { } learner || _pending is not { } pending)
        {
            return null;
        }

        if (!pending.IsEmpty && !memory.State.Frozen)
        {
            // The turn waits, but no thread of the turns does.
            var window = pending.Take(clock.GetUtcNow(), _devices.Of(devices, clock.GetUtcNow()));
            var (outcome, took) = await lane.Run(
                () =>
                {
                    var started = clock.GetTimestamp();
                    return (learner.Observe(window), clock.GetElapsedTime(started));
                },
                cancellationToken);
            _last = took;
            _longest = _last > _longest ? _last : _longest;
            instruments.Looked(_last, outcome.Updated);
            await SaveWhenDue(cancellationToken);
        }

        return new(LearnerSettings.Steering(_layer, learner.Epoch, learner.Options.GuardBound), learner.Statistics.UpdateCount, _setup!.Policy.Version); // set together with the learner
    }

    /// <inheritdoc/>
    public Task<RouterView> View(CancellationToken cancellationToken = default)
    {
        var statistics = _learner?.Statistics;
        return Task.FromResult(new RouterView
        {
            Step = statistics?.UpdateCount ?? 0,
            SnapshotNumber = _snapshotNumber,
            LostUpdates = _lostUpdates,
            Frozen = memory.State.Frozen,
            StartReason = _startReason,
            Usage = _usage.Shares,
            Bias = _learner is { Epoch.IsNeutral: false } ? _learner.Epoch.Bias : [],
            Prices = _learner is null ? [] : LearnerSettings.RelativePrices(_learner.Epoch),
            Learner = statistics is null ? ImmutableSortedDictionary<string, double>.Empty : LearnerNumbers.Of(statistics),
            LastUpdateMs = _last.TotalMilliseconds,
            LongestUpdateMs = _longest.TotalMilliseconds,
            PolicyVersion = _setup?.Policy.Version ?? -1,
            AppliedAt = _appliedAt,
        });
    }

    /// <inheritdoc/>
    public async Task<long?> Snapshot(string cause, bool promoted, CancellationToken cancellationToken = default) =>
        await Save(cause, promoted, cancellationToken);

    /// <inheritdoc/>
    public async Task<string?> Restore(long number, CancellationToken cancellationToken = default)
    {
        if (_setup is not { } setup)
        {
            return "the router serves nothing yet";
        }

        if (await snapshots.Read(setup.DeploymentId, _layer, number, cancellationToken) is not { } snapshot)
        {
            return $"there is no snapshot {number}";
        }

        return await TakeOver(snapshot.Weights, snapshot.Entry.Sidecar, "restore", cancellationToken);
    }

    /// <inheritdoc/>
    public async Task Freeze(bool frozen, CancellationToken cancellationToken = default)
    {
        memory.State = memory.State with { Frozen = frozen };
        await memory.WriteStateAsync(cancellationToken);
        LogFrozen(_key, frozen);
    }

    /// <inheritdoc/>
    public Task<string?> Adopt(Immutable<byte[]> weights, string sidecar, CancellationToken cancellationToken = default) =>
        _setup is null ? Task.FromResult<string?>("the router serves nothing yet") : TakeOver(weights.Value, sidecar, "fork", cancellationToken);

    /// <inheritdoc/>
    public async Task<SnapshotComparison?> Compare(long left, long right, CancellationToken cancellationToken = default) =>
        _setup is { } setup
        && await snapshots.Read(setup.DeploymentId, _layer, left, cancellationToken) is { } one
        && await snapshots.Read(setup.DeploymentId, _layer, right, cancellationToken) is { } other
            ? SnapshotDistance.Of(one, other, new FastWeightShape(setup.Experts, hidden: LearnerSettings.HiddenUnits))
            : null;

    /// <inheritdoc/>
    public Task<ImmutableArray<SampleKey>> Samples(CancellationToken cancellationToken = default) => Task.FromResult(_samples?.Keys ?? []);

    /// <inheritdoc/>
    public Task<RouteExplanation?> Explain(string? replica, long? chunk, int row, CancellationToken cancellationToken = default) => Task.FromResult(
        _samples?.Find(replica, chunk) is { } sample && _learner is { } learner ? Explainer.Explain(sample.Key, sample.Logits, row, learner.Options.Shape, LearnerSettings.AsCarriedOut(learner.Epoch, _setup!.Selector)) : null); // set together with the learner

    private static bool Same(RouterSetup a, RouterSetup b) =>
        a with { DeviceOfExpert = b.DeviceOfExpert, Revision = b.Revision } == b && a.DeviceOfExpert.SequenceEqual(b.DeviceOfExpert);

    private static int SeedOf(string key) =>
        BitConverter.ToInt32(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(key))) & int.MaxValue;

    private async Task Resume(RouterSetup setup, RouterLearner learner, CancellationToken cancellationToken)
    {
        _snapshotAt = clock.GetUtcNow();
        foreach (var counts in await history.Recent(setup.DeploymentId, _layer, options.Value.RememberedChunks, cancellationToken))
        {
            if (counts.Length == setup.Experts)
            {
                _usage.Add([.. counts.Select(count => (long)count)]);
            }
        }

        if (!learner.Options.Strategy.UsesFastWeights || await snapshots.Read(setup.DeploymentId, _layer, null, cancellationToken) is not { } newest)
        {
            return;
        }

        _startReason = Import(learner, newest.Weights, newest.Entry.Sidecar, LearnerSettings.RevisionOf(setup));
        if (_startReason is { } reason)
        {
            // Never a partial load: the learner is as neutral as a new one.
            LogNeutral(_key, newest.Entry.Number, reason);
            return;
        }

        (_snapshotNumber, _snapshotSha256, _snapshotStep) = (newest.Entry.Number, newest.Entry.Sha256, learner.Statistics.UpdateCount);
        _lostUpdates = Math.Max(0, await history.LastIssuedStep(setup.DeploymentId, _layer, cancellationToken) - newest.Entry.Step);
        LogResumed(_key, newest.Entry.Number, newest.Entry.Step, _lostUpdates);
        instruments.Lost(_lostUpdates);
    }

    private async Task<string?> TakeOver(byte[] weights, string sidecar, string cause, CancellationToken cancellationToken)
    {
        if (_learner is not { } learner || !learner.Options.Strategy.UsesFastWeights)
        {
            return "the strategy in force has no fast weights";
        }

        if (Import(learner, weights, sidecar, LearnerSettings.RevisionOf(_setup!)) is { } refusal) // set together with the learner
        {
            return refusal;
        }

        await Save(cause, promoted: false, cancellationToken);
        return null;
    }

    private static string? Import(RouterLearner learner, byte[] weights, string sidecar, string model)
    {
        try
        {
            return learner.Import(weights, FastWeightSidecar.Parse(sidecar), model);
        }
        catch (JsonException error)
        {
            return "the sidecar cannot be read: " + error.Message;
        }
    }

    private async Task SaveWhenDue(CancellationToken cancellationToken)
    {
        var updates = _learner!.Statistics.UpdateCount - _snapshotStep; // the caller has one
        if (updates >= options.Value.SnapshotUpdates)
        {
            await Save("updates", promoted: false, cancellationToken);
        }
        else if (updates > 0 && clock.GetUtcNow() - _snapshotAt >= options.Value.SnapshotInterval)
        {
            await Save("interval", promoted: false, cancellationToken);
        }
    }

    private async Task<long?> Save(string cause, bool promoted, CancellationToken cancellationToken)
    {
        if (_learner is not { } learner || _setup is not { } setup || !learner.Options.Strategy.UsesFastWeights)
        {
            return null;
        }

        var (blob, sidecar) = learner.Export(_key, LearnerSettings.RevisionOf(setup), (uint)_layer, _snapshotSha256);
        var step = learner.Statistics.UpdateCount;
        _snapshotNumber = await snapshots.Save(setup.DeploymentId, _layer, step, cause, promoted, blob, sidecar.ToJson(), clock.GetUtcNow(), cancellationToken);
        (_snapshotSha256, _snapshotStep, _snapshotAt) = (sidecar.Sha256, step, clock.GetUtcNow());
        memory.State = memory.State with { SnapshotSha256 = sidecar.Sha256, Setup = setup };
        await memory.WriteStateAsync(cancellationToken);
        return _snapshotNumber;
    }

    [LoggerMessage(LogLevel.Warning, "What {Router} learned since its last snapshot could not be saved")]
    private partial void LogNotSaved(Exception error, string router);

    [LoggerMessage(LogLevel.Warning, "{Router} woke up, could not take over what it served and waits for its deployment")]
    private partial void LogWaits(Exception error, string router);

    [LoggerMessage(LogLevel.Information, "{Router} resumed from snapshot {Number} at step {Step}; {Lost} updates were lost")]
    private partial void LogResumed(string router, long number, long step, long lost);

    [LoggerMessage(LogLevel.Error, "{Router} started neutral: snapshot {Number} was refused because {Reason}")]
    private partial void LogNeutral(string router, long number, string reason);

    [LoggerMessage(LogLevel.Information, "{Router} was frozen: {Frozen}")]
    private partial void LogFrozen(string router, bool frozen);
}
