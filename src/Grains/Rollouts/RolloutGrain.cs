using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Grains.Policies;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Rollouts;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Grains.Rollouts;

/// <inheritdoc cref="IRolloutGrain"/>
[GrainType("rollout")]
internal sealed partial class RolloutGrain(RolloutStore store, PolicyBook book, VitalsReader vitals, DeploymentStore deployments, TimeProvider clock, ILogger<RolloutGrain> logger) : Grain, IRolloutGrain
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    // The first chunks after the change may still be of the version before it.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, (long Counted, long Refused)> _countedAtStart = new(StringComparer.Ordinal);
    private readonly HashSet<string> _brokenBefore = new(StringComparer.Ordinal);
    private Rollout? _rollout;
    private RolloutProgress? _progress;
    private IReadOnlyList<GuardReading> _readings = [];
    private IGrainTimer? _timer;
    private bool _beating;

    // A key that is no number is that of no rollout.
    private long Number => long.TryParse(this.GetPrimaryKeyString()["rollout/".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <inheritdoc/>
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _rollout = await store.Find(Number, cancellationToken);
        if (_rollout is { IsOpen: true })
        {
            _timer = this.RegisterGrainTimer(Look, new GrainTimerCreationOptions(TimeSpan.Zero, Beat) { KeepAlive = true, Interleave = true });
        }
    }

    /// <inheritdoc/>
    public Task Wake() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task<RolloutProgress?> Progress(CancellationToken cancellationToken = default)
    {
        if (_rollout is not { } rollout)
        {
            return null;
        }

        if (_progress is null || !rollout.IsOpen)
        {
            var stored = await Reached(rollout, cancellationToken);
            _progress = ReadBack(rollout, await Ask(stored, cancellationToken), _readings);
        }

        return _progress with { Rollout = rollout };
    }

    /// <inheritdoc/>
    public async Task<RolloutDecision> Act(RolloutAction action, RolloutOrder order, string actor, CancellationToken cancellationToken = default)
    {
        if (_rollout is not { } rollout)
        {
            return new(RolloutOutcome.Unknown, null, []);
        }

        if (!rollout.IsOpen)
        {
            return new(RolloutOutcome.Over, rollout, []);
        }

        if (action == RolloutAction.RollBack && string.IsNullOrWhiteSpace(order.Reason))
        {
            return new(RolloutOutcome.Refused, rollout, [new("reason", "", "1 to 2000 characters", "rolling back needs a reason, so that others can follow it")]);
        }

        if (action == RolloutAction.Share && !(order.Share > 0 && order.Share <= 1))
        {
            return new(RolloutOutcome.Refused, rollout, [new("share", order.Share?.ToString(CultureInfo.InvariantCulture) ?? "", "above 0 to 1", "share must lie above 0 and up to 1")]);
        }

        if (action is RolloutAction.Promote or RolloutAction.Share && await LacksApproval(rollout, cancellationToken))
        {
            return new(RolloutOutcome.Refused, rollout, [new("approval", "", "two people", $"'{rollout.Scope}' asks for approval since rollout {rollout.Id} began without one; roll it back, and propose it anew")]);
        }

        var (state, plan) = action switch
        {
            RolloutAction.Pause => (RolloutState.Paused, rollout.Plan),
            RolloutAction.Resume => (RolloutState.Running, rollout.Plan),
            RolloutAction.Share => (rollout.State, rollout.Plan with { Share = order.Share!.Value }), // checked above
            RolloutAction.Promote => (RolloutState.Promoted, rollout.Plan),
            _ => (RolloutState.RolledBack, rollout.Plan),
        };
        return await Become(state, plan, actor, order.Reason, cancellationToken) ? new(RolloutOutcome.Done, _rollout, []) : new(RolloutOutcome.Conflict, _rollout, []);
    }

    // The requirement may be younger than the rollout.
    private async Task<bool> LacksApproval(Rollout rollout, CancellationToken cancellationToken) =>
        rollout.ApprovedBy is null && ApprovalRules.Asks(await book.Fresh(cancellationToken), rollout.Scope, rollout.Document, null);

    private async Task<bool> Become(RolloutState state, RolloutPlan plan, string actor, string? cause, CancellationToken cancellationToken)
    {
        var seen = _rollout!; // the callers have one
        if (await store.Change(seen, state, plan, actor, cause, cancellationToken) is not { } changed)
        {
            _rollout = await store.Find(Number, cancellationToken);
            return false;
        }

        // What was read back belongs to the rollout as it was.
        (_rollout, _progress) = (changed, null);
        if (state != seen.State || plan.Share != seen.Plan.Share)
        {
            LogBecame(changed.Id, changed.Scope, changed.Version, state, actor, cause ?? "");
            await GrainFactory.GetGrain<IPolicyGrain>(IPolicyGrain.KeyOf(changed.Scope)).Changed(cancellationToken);
        }

        if (!changed.IsOpen)
        {
            _timer?.Dispose();
        }

        return true;
    }

    private async Task Look(CancellationToken cancellationToken)
    {
        if (_beating || _rollout is not { IsOpen: true })
        {
            return;
        }

        _beating = true;
        try
        {
            var stored = await Reached(_rollout, cancellationToken);
            if (_rollout.Plan.Before is null)
            {
                await Remember(_rollout, stored, cancellationToken);
            }

            var rollout = _rollout;
            var said = await Ask(stored, cancellationToken);
            _readings = await Judge(rollout, said, cancellationToken);
            _progress = ReadBack(rollout, said, _readings);
            await Decide(rollout, _progress, cancellationToken);
        }
        catch (Exception error) when (error is DbException or TimeoutException or OrleansException)
        {
            // The next beat tries again; the routers go on with what they apply.
            LogLookFailed(error, Number);
        }
        finally
        {
            _beating = false;
        }
    }

    private async Task<ImmutableArray<StoredDeployment>> Reached(Rollout rollout, CancellationToken cancellationToken) =>
    [
        .. (await deployments.List(cancellationToken)).Where(one => PolicyScopes.ReachesDeployment(rollout.Scope, one.Name) && rollout.Plan.Deployments?.Contains(one.Name, StringComparer.Ordinal) != false),
    ];

    private static int[] Chosen(Rollout rollout, StoredDeployment deployment) => [.. Enumerable.Range(0, deployment.Description.Layers).Where(layer => rollout.Chooses(deployment.Name, layer))];

    /// <summary>How everything was before: kept with the rollout, so that it outlives this silo.</summary>
    private async Task Remember(Rollout rollout, ImmutableArray<StoredDeployment> stored, CancellationToken cancellationToken)
    {
        var from = rollout.StartedAt - TimeSpan.FromSeconds(rollout.Plan.Guards.BaselineSeconds);
        var before = new Dictionary<string, Vitals>(StringComparer.Ordinal);
        foreach (var deployment in stored)
        {
            before[deployment.Name] = await vitals.Read(deployment.Id, Chosen(rollout, deployment), from, rollout.StartedAt, cancellationToken);
        }

        var gpus = await Speaking(stored, cancellationToken);
        await Become(rollout.State, rollout.Plan with { Before = before, Gpus = gpus }, rollout.ChangedBy, rollout.Cause, cancellationToken);
    }

    private async Task<string[]> Speaking(IEnumerable<StoredDeployment> stored, CancellationToken cancellationToken)
    {
        var wanted = stored.SelectMany(one => one.Description.Replicas).SelectMany(replica => replica.Gpus).ToHashSet(StringComparer.Ordinal);
        var fleet = await GrainFactory.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(-1, cancellationToken);
        return [.. (fleet?.Gpus ?? []).Where(gpu => wanted.Contains(gpu.Gpu.Value) && clock.GetUtcNow() - gpu.Received < DeploymentVitals.Silence).Select(gpu => gpu.Gpu.Value)];
    }

    /// <summary>What every deployment says of itself now.</summary>
    private async Task<(StoredDeployment Deployment, DeploymentVitals Said)[]> Ask(ImmutableArray<StoredDeployment> stored, CancellationToken cancellationToken) =>
        await Task.WhenAll(stored.Select(async one => (one, await GrainFactory.GetGrain<IDeploymentGrain>(IDeploymentGrain.KeyOf(one.Name)).Vitals(cancellationToken))));

    private async Task<List<GuardReading>> Judge(Rollout rollout, (StoredDeployment Deployment, DeploymentVitals Said)[] asked, CancellationToken cancellationToken)
    {
        var readings = new List<GuardReading>();
        var now = clock.GetUtcNow();
        var window = now - TimeSpan.FromSeconds(rollout.Plan.Guards.WindowSeconds);
        var from = window > rollout.StartedAt + Settling ? window : rollout.StartedAt + Settling;
        var speaking = (await Speaking(asked.Select(one => one.Deployment), cancellationToken)).ToHashSet(StringComparer.Ordinal);
        foreach (var (deployment, said) in asked)
        {
            var chosen = Chosen(rollout, deployment);
            if (chosen.Length == 0)
            {
                continue;
            }

            var first = _countedAtStart.TryGetValue(deployment.Name, out var start) && start.Counted <= said.Counted && start.Refused <= said.Refused ? start : _countedAtStart[deployment.Name] = (said.Counted, said.Refused);
            var before = rollout.Plan.Before?.GetValueOrDefault(deployment.Name) ?? new Vitals(0, 0, []);
            var present = await vitals.Read(deployment.Id, chosen, from, now, cancellationToken);
            var gpus = deployment.Description.Replicas.SelectMany(replica => replica.Gpus).Where(rollout.Plan.Gpus.Contains).ToList();
            var heard = Math.Max(said.Replicas, before.Replicas);
            double? silence = gpus.Count + heard == 0 ? null
                : Math.Max(gpus.Count > 0 ? gpus.Count(gpu => !speaking.Contains(gpu)) / (double)gpus.Count : 0, heard > 0 ? (said.Silent + Math.Max(0, now - rollout.StartedAt > DeploymentVitals.Silence ? before.Replicas - said.Replicas : 0)) / (double)heard : 0);
            readings.AddRange(GuardJudge.Judge(deployment.Name, rollout.Plan.Guards, before, present, (said.Counted - first.Counted, said.Refused - first.Refused), silence));
        }

        return readings;
    }

    private RolloutProgress ReadBack(Rollout rollout, (StoredDeployment Deployment, DeploymentVitals Said)[] asked, IReadOnlyList<GuardReading> readings)
    {
        var rows = new List<RolloutDeployment>();
        foreach (var (deployment, said) in asked)
        {
            var versions = Enumerable.Range(0, deployment.Description.Layers).Select(layer => layer < said.Applied.Length ? said.Applied[layer] : -1).ToArray();
            rows.Add(new(deployment.Name, [.. versions.Select((version, layer) => StateOf(rollout, deployment.Name, layer, version))], versions, said.Replicas, said.Confirmed));
        }

        return new(rollout, rows.Sum(row => row.Layers.Count(layer => layer is 1 or 2)), rows.Sum(row => row.Layers.Count(layer => layer == 2)), rows.Sum(row => row.Layers.Count), rows, readings, clock.GetUtcNow());
    }

    private static int StateOf(Rollout rollout, string deployment, int layer, long applied)
    {
        var wanted = rollout.State == RolloutState.Promoted || (rollout.IsOpen && rollout.Chooses(deployment, layer));

        // Once another version is in force its number says that this one was applied before.
        var isNew = applied >= rollout.Version;
        return wanted ? isNew ? 2 : 1 : applied == rollout.Version ? 3 : 0;
    }

    private async Task Decide(Rollout rollout, RolloutProgress progress, CancellationToken cancellationToken)
    {
        var broken = progress.Guards.Where(reading => reading.State == GuardState.Broken).ToList();

        // Twice in succession: one late chunk is no regression.
        if (broken.FirstOrDefault(reading => _brokenBefore.Contains(reading.Guard + "/" + reading.Deployment)) is { } proven)
        {
            await Become(RolloutState.RolledBack, rollout.Plan, Rollout.Guards, $"{proven.Guard} of {proven.Deployment}: {proven.Sentence}", cancellationToken);
            return;
        }

        _brokenBefore.Clear();
        _brokenBefore.UnionWith(broken.Select(reading => reading.Guard + "/" + reading.Deployment));

        // Silence proves nothing: what compares must have data before a rollout promotes itself.
        var proves = progress.Guards.Where(reading => reading.Guard is "latency_p95" or "joules_per_token" or "retained_mass").ToList();
        if (rollout is { State: RolloutState.Running, Plan.PromoteAfterSeconds: { } after } && broken.Count == 0 && clock.GetUtcNow() - rollout.StartedAt >= TimeSpan.FromSeconds(after)
            && progress.Chosen > 0 && progress.Applying == progress.Chosen && proves.Any(reading => reading.State == GuardState.Holds)
            && !await LacksApproval(rollout, cancellationToken))
        {
            await Become(RolloutState.Promoted, rollout.Plan, Rollout.Guards, $"{after} s without a broken guard", cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Information, "Rollout {Rollout} of version {Version} in {Scope} became {State} by {Actor}: {Cause}")]
    private partial void LogBecame(long rollout, string scope, long version, RolloutState state, string actor, string cause);

    [LoggerMessage(LogLevel.Warning, "A look at rollout {Rollout} failed; the next one tries again")]
    private partial void LogLookFailed(Exception error, long rollout);
}
