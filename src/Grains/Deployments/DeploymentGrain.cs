using System.Collections.Immutable;
using System.Data.Common;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.Evidence.Switchbacks;
using EnergyTTT.Grains.Policies;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Frames;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace EnergyTTT.Grains.Deployments;

/// <inheritdoc cref="IDeploymentGrain"/>
[GrainType("deployment"), Reentrant]
public sealed partial class DeploymentGrain(
    [PersistentState(DeploymentCourse.StateName)] IPersistentState<DeploymentCourse> course,
    DeploymentStore deployments,
    FeedbackWriter writer,
    EpochStore epochs,
    LedgerStore ledgers,
    ChunkReader chunks,
    PlacementStore placements,
    BlockReader blocks,
    CostTables costs,
    PolicyBook book,
    DeploymentInstruments instruments,
    IOptions<DeploymentOptions> options,
    TimeProvider clock,
    ILogger<DeploymentGrain> logger) : Grain, IDeploymentGrain
{
    private const int LongestChainOfDeaths = 3;
    private static readonly TimeSpan LongestAbsence = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    private readonly ReplicaBook _replicas = new();
    private readonly RecentPoints _recent = new(TimeSpan.FromSeconds(10), 60);
    private readonly RouterSetups _setups = new();
    private string _name = "";
    private StoredDeployment? _stored;
    private CostFit? _fit;
    private MinuteLedger _minute = new(1, 1);
    private EffectivePolicy _policy = EffectivePolicy.Defaults;
    private PolicyPage _page = PolicyPage.Empty;
    private long[] _applied = [];
    private long _countedChunks;
    private long _wrong;
    private SwitchbackPlan _plan = new(0);
    private DeploymentDevices _devices = DeploymentDevices.None;
    private SteeringEpoch? _inForce;
    private SteeringEpoch? _heldOut;
    private string _digest = "";
    private long _lastEpoch;
    private DateTimeOffset _issuedAt;
    private SavingEstimate? _saving;
    private DateTimeOffset _savedAt;
    private TaskCompletionSource _newEpoch = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _beating;
    private int _turn;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _name = this.GetPrimaryKeyString()["deployment/".Length..];
        _plan = new SwitchbackPlan(SeedOf(_name));
        if (await deployments.Find(_name, cancellationToken) is { } stored)
        {
            await TakeOver(stored, cancellationToken);
            await RebuildMinute(stored, cancellationToken);
        }

        this.RegisterGrainTimer(Beat, new GrainTimerCreationOptions(TimeSpan.Zero, options.Value.Beat) { Interleave = true, KeepAlive = true });
    }

    /// <inheritdoc/>
    public async Task<DeploymentDecision> Describe(DeploymentDescription description, CancellationToken cancellationToken = default)
    {
        var problems = DeploymentRules.Check(description, costs.Names);
        if (problems.IsEmpty && _stored is { } known && (known.Description.Layers != description.Layers || known.Description.Experts != description.Experts || known.Description.TopK != description.TopK))
        {
            problems = [new("layers", "shape_changed", $"'{_name}' has {known.Description.Layers} layers of {known.Description.Experts} experts, top {known.Description.TopK}; another shape is another deployment: give it a name of its own")];
        }

        if (!problems.IsEmpty)
        {
            return new(_stored?.Revision ?? 0, problems);
        }

        var stored = await deployments.Save(_name, description, clock.GetUtcNow(), cancellationToken);
        await TakeOver(stored, cancellationToken);
        return new(stored.Revision, []);
    }

    /// <inheritdoc/>
    public Task<DeploymentView?> View(CancellationToken cancellationToken = default) => Task.FromResult(_stored is null ? null : new DeploymentView
    {
        Name = _name,
        Revision = _stored.Revision,
        Description = _stored.Description,
        Epoch = _inForce?.Epoch ?? 0,
        Stage = StageWord,
        PolicyVersion = _policy.Version,
        Origin = OriginOfDevices ?? Wire.Telemetry.Origin.Modelled,
        Saving = _saving is { Saving: { Percent: { } percent } saving } ? new(percent, saving.Ci95Low, saving.Ci95High, saving.Pairs, saving.Verdict.ToString(), saving.Origin) : null,
        Replicas = _replicas.Views,
        Recent = _recent.Points,
    });

    /// <inheritdoc/>
    public async Task<FeedbackAnswer> Report(Immutable<ChunkFeedback> feedback, CancellationToken cancellationToken = default)
    {
        if (_stored is not { } stored)
        {
            return new(FeedbackOutcome.Unknown, null, []);
        }

        var chunk = feedback.Value;
        var problems = FeedbackRules.Check(chunk, stored.Description, _lastEpoch);
        if (!problems.IsEmpty)
        {
            instruments.Refused(_name, problems);
            _wrong++;
            return new(FeedbackOutcome.Refused, null, problems);
        }

        var received = clock.GetUtcNow();
        var modelled = Modelled(chunk);
        bool isNew;
        try
        {
            isNew = await writer.Write(new ChunkRecord(stored.Id, chunk, BlockAt(received), modelled?.LayerJoules ?? [], received), cancellationToken);
        }
        catch (WriterBusyException)
        {
            return new(FeedbackOutcome.Busy, null, []);
        }

        // Counted only now: a chunk that was not committed comes again.
        if (isNew)
        {
            _countedChunks++;
            _replicas.Count(chunk, received);
            _recent.Add(chunk, chunk.EnergyJoules ?? modelled?.Joules, received);
            await CloseMinute(stored, cancellationToken);
            _minute.Add(chunk, modelled, received);
            instruments.Counted(_name, chunk, modelled?.Joules);
            if (_policy.Mode != SteeringMode.Off)
            {
                await Teach(chunk);
            }
        }

        return new(isNew ? FeedbackOutcome.Counted : FeedbackOutcome.Duplicate, Answer(received), []);
    }

    /// <inheritdoc/>
    public async Task<SteeringEpoch?> Epoch(long after, TimeSpan wait, CancellationToken cancellationToken = default)
    {
        if (_stored is null)
        {
            return null;
        }

        var until = clock.GetUtcNow() + (wait > LongestWait ? LongestWait : wait);
        while ((_inForce?.Epoch ?? 0) <= after && until - clock.GetUtcNow() is { Ticks: > 0 } left)
        {
            try
            {
                await _newEpoch.Task.WaitAsync(left, clock, cancellationToken);
            }
            catch (TimeoutException)
            {
                break;
            }
        }

        return (_inForce?.Epoch ?? 0) > after ? Answer(clock.GetUtcNow()) : null;
    }

    /// <inheritdoc/>
    public Task<Immutable<PlacementAnswer>?> Place(Immutable<PlacementQuestion> question, CancellationToken cancellationToken = default)
    {
        if (_stored is not { } stored)
        {
            return Task.FromResult<Immutable<PlacementAnswer>?>(null);
        }

        // Placement is steering too: without it, or in a block of the hold-out, requests are placed in turn.
        var now = clock.GetUtcNow();
        var treated = Steers && ArmAt(now) == SteeringArm.Treated;
        var answer = RequestPlacement.Choose(question.Value, stored.Description, _replicas, _devices, treated ? _policy : _policy with { Placement = PlacementRule.RoundRobin }, _fit, ref _turn);
        _replicas.Place(answer, treated);
        return Task.FromResult<Immutable<PlacementAnswer>?>(answer.AsImmutable());
    }

    /// <inheritdoc/>
    public async Task<AppliedReceipt?> Applied(AppliedEpoch applied, CancellationToken cancellationToken = default)
    {
        if (_stored is not { } stored)
        {
            return null;
        }

        if (FeedbackRules.Check(applied, stored.Description, _lastEpoch) is { IsEmpty: false } problems)
        {
            return new(false, problems);
        }

        // An older epoch's digest is not kept: only the one in force can be vouched for.
        var matches = applied.Epoch == _inForce?.Epoch && string.Equals(applied.BiasSha256, _digest, StringComparison.OrdinalIgnoreCase);
        await epochs.NoteApplied(stored.Id, applied, matches, clock.GetUtcNow(), cancellationToken);
        _wrong += applied.Epoch == _inForce?.Epoch && !matches ? 1 : 0;
        var entry = _replicas[applied.Replica];
        entry.AppliedEpoch = Math.Max(entry.AppliedEpoch, applied.Epoch);
        entry.DigestMatches = applied.Epoch == _inForce?.Epoch ? matches : entry.DigestMatches;
        return new(matches, []);
    }

    /// <inheritdoc/>
    public Task<DeploymentVitals> Vitals(CancellationToken cancellationToken = default)
    {
        var heard = _replicas.Entries.Where(entry => entry.LastChunk >= 0).ToList();
        return Task.FromResult(new DeploymentVitals(
            [.. _applied], heard.Count, heard.Count(entry => entry.DigestMatches == true && entry.AppliedEpoch == _inForce?.Epoch), _countedChunks, _wrong,
            heard.Count(entry => clock.GetUtcNow() - entry.Received > DeploymentVitals.Silence)));
    }

    /// <inheritdoc/>
    public async Task PolicyChanged()
    {
        if (_stored is { } stored)
        {
            await FollowPolicy(fresh: true, CancellationToken.None);
            await Task.WhenAll(Enumerable.Range(0, stored.Description.Layers).Select(layer => Tell(stored, layer, CancellationToken.None)));
            await Beat(CancellationToken.None);
        }
    }

    // A simulation's GPUs may not have spoken yet.
    private Wire.Telemetry.Origin? OriginOfDevices => _stored?.Description.IsSimulated == true ? Wire.Telemetry.Origin.Simulated : _devices.Origin;

    private string? StageWord => _inForce is null && course.State.PolicyVersion < 0 ? null : course.State.Stage.ToString().ToLowerInvariant();

    private bool Steers => _policy.Mode == SteeringMode.Enforce && course.State.Stage is CourseStage.Canary or CourseStage.Promoted;

    private static long SeedOf(string name)
    {
        var hash = System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name));
        return BitConverter.ToInt64(hash) & long.MaxValue;
    }

    private long BlockAt(DateTimeOffset time) => SwitchbackPlan.BlockAt(time, DateTimeOffset.UnixEpoch, _policy.HoldOutBlock.TotalSeconds).Block;

    private SteeringArm ArmAt(DateTimeOffset time)
    {
        var share = course.State.Stage == CourseStage.Canary ? 0.5 : _policy.HoldOutShare;
        return _plan.IsHeldOut(BlockAt(time), share) ? SteeringArm.HeldOut : SteeringArm.Treated;
    }

    /// <summary>What an engine is told: the epoch in force, or one without any steering while nothing may be in force.</summary>
    private SteeringEpoch Answer(DateTimeOffset now)
    {
        return Steers && _inForce is { } epoch && epoch.ExpiresAt > now
            ? ArmAt(now) == SteeringArm.Treated ? epoch : _heldOut ??= epoch with { Arm = SteeringArm.HeldOut }
            : new SteeringEpoch
            {
                Epoch = 0,
                Arm = SteeringArm.Treated,
                PolicyVersion = _policy.Version,
                BiasSpace = _stored!.Description.BiasSpace, // the caller has checked that it is described
                ExpiresAt = now + _policy.EpochLifetime,
                Layers = [],
            };
    }

    private async Task TakeOver(StoredDeployment stored, CancellationToken cancellationToken)
    {
        _lastEpoch = Math.Max(_lastEpoch, await epochs.Last(stored.Id, cancellationToken));
        if (_stored is null || _stored.Revision != stored.Revision)
        {
            _minute = new MinuteLedger(stored.Description.Layers, stored.Description.Experts);
        }

        _stored = stored;
        _fit = costs.FitOf(stored.Description);
        _replicas.Keep(stored.Description.Replicas);
        _setups.Forget();
    }

    /// <summary>The chunks that the activation before had counted and not yet written to the ledger: they are in the history.</summary>
    private async Task RebuildMinute(StoredDeployment stored, CancellationToken cancellationToken)
    {
        foreach (var (chunk, received) in await chunks.Unledgered(stored.Id, clock.GetUtcNow(), LongestAbsence, cancellationToken))
        {
            // A shape of another revision cannot be added up with this one.
            if (chunk.Layers.Any(layer => layer.Layer >= stored.Description.Layers || layer.ExpertCounts.Count != stored.Description.Experts))
            {
                continue;
            }

            if (_minute.Close(received, idleWatts: null) is { } entries)
            {
                await ledgers.Save(stored.Id, entries, cancellationToken);
            }

            _minute.Add(chunk, Modelled(chunk), received);
        }
    }

    private ModelledChunk? Modelled(ChunkFeedback chunk) => _fit is { } fit ? ModelledChunk.Of(chunk, fit) : null;

    private async Task Teach(ChunkFeedback feedback)
    {
        foreach (var layer in feedback.Layers)
        {
            var chunk = new RouterChunk(feedback.Tokens, feedback.BatchTokens, feedback.Arm, feedback.Phase, feedback.LatencyMs, feedback.EnergyJoules, feedback.Loss, layer, feedback.Replica, feedback.Chunk);
            await GrainFactory.GetGrain<IRouterGrain>(IRouterGrain.KeyOf(_name, layer.Layer)).Learn(chunk.AsImmutable());
        }
    }

    private async Task Beat(CancellationToken cancellationToken)
    {
        if (_beating || _stored is not { } stored)
        {
            return;
        }

        _beating = true;
        try
        {
            var page = await FollowPolicy(fresh: false, cancellationToken);
            var snapshot = await GrainFactory.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(-1, cancellationToken);
            _devices = DeploymentDevices.Of(stored.Description, snapshot ?? FleetSnapshot.Empty, page, clock.GetUtcNow());
            await CloseMinute(stored, cancellationToken);
            await EstimateSaving(stored, cancellationToken);
            await FollowCourse(cancellationToken);
            if (_policy.Mode != SteeringMode.Off)
            {
                await Issue(stored, cancellationToken);
            }
        }
        catch (Exception error) when (error is DbException or TimeoutException or OrleansException)
        {
            // The next beat tries again; engines go on with what they have until it expires.
            LogBeatFailed(error, _name);
        }
        finally
        {
            _beating = false;
        }
    }

    private async Task<PolicyPage> FollowPolicy(bool fresh, CancellationToken cancellationToken)
    {
        var page = fresh ? await book.Fresh(cancellationToken) : await book.Recent(cancellationToken);
        (_page, _policy) = (page, page.Routing(_name, _stored?.Description.Layers ?? 0, clock.GetUtcNow()));
        return page;
    }

    private async Task CloseMinute(StoredDeployment stored, CancellationToken cancellationToken)
    {
        if (_minute.Close(clock.GetUtcNow(), _devices.IdleWatts) is { } entries)
        {
            await ledgers.Save(stored.Id, entries, cancellationToken);
            await placements.Save(stored.Id, _replicas.Close(entries[0].Minute), cancellationToken);
            instruments.Residual(_name, entries[0]);
        }
    }

    private async Task EstimateSaving(StoredDeployment stored, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (now - _savedAt < options.Value.SavingInterval)
        {
            return;
        }

        _savedAt = now;
        var since = now - options.Value.SavingRange;
        var from = course.State.PolicyVersion >= 0 && course.State.Since > since ? course.State.Since : since;
        var rows = await blocks.Read(stored.Id, from, BlockAt(now), cancellationToken);
        _saving = SavingEstimate.Of(rows, _policy.HoldOutBlock.TotalSeconds, OriginOfDevices, QualityBounds.Of(stored.Description.Selector ?? EngineSelector.Full, _policy.RetainedMassMin));
    }

    private async Task FollowCourse(CancellationToken cancellationToken)
    {
        if (SteeringCourse.Next(course.State, _policy, _saving, clock.GetUtcNow(), options.Value) is { } next)
        {
            LogCourse(_name, next.Stage, next.Reason);
            course.State = next;
            await course.WriteStateAsync(cancellationToken);
            if (next.Stage == CourseStage.Promoted)
            {
                for (var layer = 0; layer < _stored!.Description.Layers; layer++) // Beat has checked that it is described
                {
                    await GrainFactory.GetGrain<IRouterGrain>(IRouterGrain.KeyOf(_name, layer)).Snapshot("promotion", promoted: true, cancellationToken);
                }
            }
        }
    }

    private async Task Issue(StoredDeployment stored, CancellationToken cancellationToken)
    {
        // All at once: after a silo's death hundreds of routers come back, each with a snapshot to read.
        ImmutableArray<RouterProposal> proposals = [.. await Task.WhenAll(Enumerable.Range(0, stored.Description.Layers).Select(layer => Ask(stored, layer, cancellationToken)))];
        var now = clock.GetUtcNow();
        var ageing = _inForce is { } old && old.ExpiresAt - now < _policy.EpochLifetime / 2;
        var changed = _inForce is { } before && before.PolicyVersion != _policy.Version;
        if ((now - _issuedAt < options.Value.EpochInterval && !changed) || !(ageing || EpochDraft.Differs(_inForce, proposals, _policy.Version, options.Value.BiasChange)))
        {
            return;
        }

        var epoch = new SteeringEpoch
        {
            Epoch = _lastEpoch + 1,
            Arm = SteeringArm.Treated,
            PolicyVersion = _policy.Version,
            BiasSpace = stored.Description.BiasSpace,
            ExpiresAt = now + _policy.EpochLifetime,
            Layers = [.. proposals.Select(proposal => proposal.Steering)],
        };
        var backing = new EpochBacking(StageWord ?? "shadow", [.. proposals.Select(proposal => proposal.Step)], SteeringCourse.EvidenceOf(course.State, _saving), now);
        if (!await epochs.Issue(stored.Id, epoch, backing, cancellationToken))
        {
            // Another activation has issued this number: this one is the zombie.
            LogFenced(_name, epoch.Epoch);
            DeactivateOnIdle();
            return;
        }

        (_lastEpoch, _inForce, _heldOut, _issuedAt) = (epoch.Epoch, epoch, null, now);
        _digest = BiasDigest.Of(epoch, stored.Description.Experts);
        instruments.Issued(_name);
        var waiters = _newEpoch;
        _newEpoch = new(TaskCreationOptions.RunContinuationsAsynchronously);
        waiters.SetResult();
    }

    private async Task<RouterProposal> Ask(StoredDeployment stored, int layer, CancellationToken cancellationToken)
    {
        var router = GrainFactory.GetGrain<IRouterGrain>(IRouterGrain.KeyOf(_name, layer));
        for (var deaths = 0; ; )
        {
            try
            {
                await Tell(stored, layer, cancellationToken);
                if (await router.Propose(_devices.Outlooks, cancellationToken) is { } proposal)
                {
                    Note(layer, proposal.PolicyVersion);
                    if (_setups.VersionTold(layer) is { } told && told != proposal.PolicyVersion)
                    {
                        // A beat and a change of policy may tell it at once, and the older word arrive last: the next beat tells it again.
                        _setups.Forget(layer);
                    }

                    return proposal;
                }

                // It has woken up elsewhere and knows nothing: told again, it resumes from its snapshot.
                _setups.Forget(layer);
            }
            catch (SiloUnavailableException) when (++deaths < LongestChainOfDeaths)
            {
                // Its silo died during the call; the next call wakes it up on another one, and the other routers' proposals are not lost.
                _setups.Forget(layer);
            }
        }
    }

    private void Note(int layer, long version)
    {
        if (_applied.Length <= layer)
        {
            var known = _applied.Length;
            Array.Resize(ref _applied, layer + 1);
            Array.Fill(_applied, -1, known, _applied.Length - known);
        }

        _applied[layer] = version;
    }

    private async Task Tell(StoredDeployment stored, int layer, CancellationToken cancellationToken)
    {
        // A router that tries a policy does not learn that: promoting it must change nothing there.
        var policy = (_page.Rollouts.IsEmpty ? _policy : _page.RoutingOf(_name, layer, clock.GetUtcNow())) with { Rollout = 0 };
        if (_setups.Changed(layer, stored, policy) is not { } setup)
        {
            return;
        }

        Note(layer, await GrainFactory.GetGrain<IRouterGrain>(IRouterGrain.KeyOf(_name, layer)).Configure(setup, cancellationToken));
        _setups.Told(layer, setup);
    }

    [LoggerMessage(LogLevel.Warning, "A beat of deployment {Deployment} failed; the next one tries again")]
    private partial void LogBeatFailed(Exception error, string deployment);

    [LoggerMessage(LogLevel.Information, "The steering of {Deployment} became {Stage}: {Reason}")]
    private partial void LogCourse(string deployment, CourseStage stage, string reason);

    [LoggerMessage(LogLevel.Warning, "Epoch {Epoch} of {Deployment} had been issued by another activation; this one ends")]
    private partial void LogFenced(string deployment, long epoch);
}
