using System.Collections.Immutable;
using EnergyTTT.Contracts.Backtests;
using EnergyTTT.Contracts.Fleet;
using EnergyTTT.Grains.Deployments;
using EnergyTTT.Grains.Policies;
using EnergyTTT.History.Backtests;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Policies;
using EnergyTTT.Wire.Backtests;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Grains.Backtests;

/// <inheritdoc cref="IBacktestGrain"/>
[GrainType("backtest")]
internal sealed class BacktestGrain(PolicyBook book, PolicyStore policies, DeploymentStore deployments, UsageRecordReader records, CostTables costs, TimeProvider clock) : Grain, IBacktestGrain
{
    private const int VersionsLookedAt = 200;
    private static readonly TimeSpan Freshness = TimeSpan.FromMinutes(1);

    private Material? _material;

    private string Scope => this.GetPrimaryKeyString()["backtest/".Length..];

    /// <inheritdoc/>
    public async Task<BacktestReport> Run(BacktestRequest request, CancellationToken cancellationToken = default)
    {
        var hours = Math.Clamp(request.Hours, 1, 24);
        var fleet = await GrainFactory.GetGrain<IFleetGrain>(IFleetGrain.Key).Snapshot(-1, cancellationToken) ?? FleetSnapshot.Empty;
        var page = await book.Fresh(cancellationToken);
        if (_material is not { } material || material.Hours != hours || material.Replays.IsEmpty || clock.GetUtcNow() - material.To > Freshness)
        {
            _material = material = await Read(hours, cancellationToken);
        }

        var draft = page with { Versions = page.Versions.SetItem(Scope, page.Of(Scope) with { Document = request.Document, Scope = Scope }) };
        ImmutableArray<BacktestDeployment> rows = [.. material.Replays.Select(one => one.Replay.Run(time => Policy(page, one.Name, time), time => Policy(draft, one.Name, time)))];
        var now = clock.GetUtcNow();
        var heated = fleet.Gpus.Where(gpu => page.Hardware(gpu.Site, gpu.Rack, gpu.Host, now) with { Windows = "" } != draft.Hardware(gpu.Site, gpu.Rack, gpu.Host, now) with { Windows = "" }).Select(gpu => gpu.Gpu.Value);
        var affected = material.Replays.Zip(rows).Where(pair => pair.Second.RoutersAffected > 0).SelectMany(pair => pair.First.Gpus).Concat(heated).Distinct(StringComparer.Ordinal).Count();
        var simulated = fleet.Gpus.Any(gpu => gpu.Latest.Origin == Origin.Simulated && material.Replays.Any(one => one.Gpus.Contains(gpu.Gpu.Value)));
        return new(Scope, material.From, material.To, simulated ? "simulated" : "modelled", rows.Sum(row => row.RoutersAffected), affected, rows, [.. Notes(material, rows, request.Document)],
            Together(material, rows, row => row.Current), Together(material, rows, row => row.Draft));
    }

    private static EffectivePolicy Policy(PolicyPage page, string deployment, DateTimeOffset time) => (page with { Rollouts = [] }).RoutingOf(deployment, 0, time);

    private async Task<Material> Read(int hours, CancellationToken cancellationToken)
    {
        var to = clock.GetUtcNow();
        var from = to - TimeSpan.FromHours(hours);
        var fleet = await policies.Versions(PolicyScopes.Fleet, long.MaxValue, VersionsLookedAt, cancellationToken);
        var reached = (await deployments.List(cancellationToken)).Where(one => PolicyScopes.ReachesDeployment(Scope, one.Name));
        var replays = ImmutableArray.CreateBuilder<(string, ImmutableHashSet<string>, DeploymentReplay)>();
        foreach (var deployment in reached)
        {
            var gpus = deployment.Description.Replicas.SelectMany(replica => replica.Gpus).ToImmutableHashSet(StringComparer.Ordinal);
            var own = await policies.Versions(PolicyScopes.Deployment(deployment.Name), long.MaxValue, VersionsLookedAt, cancellationToken);
            var record = await records.Read(deployment.Id, deployment.Description.Layers, [.. gpus], from, to, cancellationToken);
            if (!record.Stretches.IsEmpty)
            {
                replays.Add((deployment.Name, gpus, new DeploymentReplay(deployment, record, costs.FitOf(deployment.Description), time => EffectivePolicy.ResolveAt(time, At(fleet, time), At(own, time)))));
            }
        }

        return new(hours, from, to, replays.ToImmutable());
    }

    private static (long, PolicyDocument) At(ImmutableArray<PolicyVersion> versions, DateTimeOffset time) =>
        versions.FirstOrDefault(version => version.CreatedAt <= time) is { } found ? (found.Version, found.Document) : (0, new PolicyDocument());

    private static BacktestFigures? Together(Material material, ImmutableArray<BacktestDeployment> rows, Func<BacktestDeployment, BacktestFigures> side)
    {
        if (rows.IsEmpty)
        {
            return null;
        }

        var tokens = material.Replays.Select(one => one.Replay.Tokens).ToArray();
        double[] gpus = [.. rows.Select(row => (double)row.Gpus)];
        return new(
            Mean(figures => figures.SteeredShare, tokens) ?? 0, Mean(figures => figures.Watts, gpus), Mean(figures => figures.Celsius, gpus), Mean(figures => figures.JoulesPerToken, tokens),
            Mean(figures => figures.RetainedMass, tokens), Mean(figures => figures.DistinctExperts, tokens));

        double? Mean(Func<BacktestFigures, double?> of, double[] weights)
        {
            var known = rows.Select((row, i) => (Value: of(side(row)), Weight: weights[i])).Where(one => one.Value is not null).ToList();
            return known.Sum(one => one.Weight) is > 0 and var all ? known.Sum(one => one.Value!.Value * one.Weight) / all : null; // filtered
        }
    }

    private IEnumerable<string> Notes(Material material, ImmutableArray<BacktestDeployment> rows, PolicyDocument draft)
    {
        if (PolicyScopes.ChainOf(Scope) == PolicyChain.Hardware)
        {
            yield return "Fields of the hardware are not replayed: it is only counted which GPUs they would reach.";
        }
        else if (rows.IsEmpty)
        {
            yield return $"No deployment of the scope has any feedback in the last {material.Hours} h, so there is nothing to replay.";
        }

        if (rows.Any(row => row.Current.JoulesPerToken is null))
        {
            yield return "Without counters and without a cost table a deployment's joules stay unknown.";
        }

        if (rows.Any(row => row.Current.Watts is null))
        {
            yield return "Without readings of its GPUs a deployment's power and temperature stay unknown.";
        }

        if (draft.Placement is not null || draft.PlacementLoadRatioMax is not null)
        {
            yield return "How requests are placed is not replayed; batches are those of the record.";
        }
    }

    private sealed record Material(int Hours, DateTimeOffset From, DateTimeOffset To, ImmutableArray<(string Name, ImmutableHashSet<string> Gpus, DeploymentReplay Replay)> Replays);
}
