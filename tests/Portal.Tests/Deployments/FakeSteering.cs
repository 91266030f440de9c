using System.Collections.Immutable;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Routers;
using EnergyTTT.History.Deployments;
using EnergyTTT.History.Routers;
using EnergyTTT.Portal.Deployments;
using EnergyTTT.Portal.Tests.Fleets;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Portal.Tests.Deployments;

/// <summary>Two deployments for looking at pages, with everything that a page may show of them; settings make the faces.</summary>
public sealed class FakeSteering(TimeProvider clock) : ISteeringSource
{
    private const int Layers = 24;
    private const int Experts = 128;

    /// <summary>The names of the deployments; empty for none.</summary>
    public ImmutableArray<string> Names { get; set; } = ["qwen-ams", "olmoe-fra"];

    /// <summary>Where their numbers come from.</summary>
    public Origin Origin { get; set; } = Origin.Simulated;

    /// <summary>What is said to be saved.</summary>
    public SavingView? Saving { get; set; } = new(21.4, 19.2, 23.5, 38, "NotMeasured", Origin.Simulated);

    /// <summary>Whether the GPUs' counters speak.</summary>
    public bool Counted { get; set; } = true;

    /// <summary>Thrown instead of answering.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Why deeds are refused; null does them.</summary>
    public string? Refusal { get; set; }

    /// <summary>What was done, in order.</summary>
    public List<string> Deeds { get; } = [];

    /// <summary>Whether routers are frozen.</summary>
    public bool Frozen { get; set; }

    /// <inheritdoc/>
    public Task<ImmutableArray<DeploymentView>> Deployments(CancellationToken cancellationToken) => Say<ImmutableArray<DeploymentView>>([.. Names.Select(View)]);

    /// <inheritdoc/>
    public Task<DeploymentView?> Deployment(string name, CancellationToken cancellationToken) => Say(Names.Contains(name) ? View(name) : null);

    /// <inheritdoc/>
    public Task<ImmutableArray<LedgerEntry>> Ledger(string deployment, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var entries = ImmutableArray.CreateBuilder<LedgerEntry>();
        for (var minute = 0; minute < 10; minute++)
        {
            var start = clock.GetUtcNow().AddMinutes(minute - 11);
            var layers = Enumerable.Range(0, Layers).Select(layer => new LedgerEntry(start, layer, 60_000, null, 100 + layer, null, [.. Enumerable.Range(0, Experts).Select(expert => (100.0 + layer) * Share(expert))])).ToList();
            entries.Add(new(start, -1, 60_000, Counted ? 6_000 : null, layers.Sum(layer => layer.AttributedJoules), Counted ? 1_200 : null, []));
            entries.AddRange(layers);
        }

        return Say(entries.ToImmutable());
    }

    /// <inheritdoc/>
    public Task<RouterView> Router(string deployment, int layer, CancellationToken cancellationToken) => Say(new RouterView
    {
        Step = 412,
        SnapshotNumber = 8,
        LostUpdates = 3,
        Frozen = Frozen,
        Usage = [.. Enumerable.Range(0, Experts).Select(Share)],
        Bias = [.. Enumerable.Range(0, Experts).Select(expert => (float)(0.2 * Math.Sin(expert * 0.7)))],
        Prices = [.. Enumerable.Range(0, Experts).Select(expert => (float)(1 + (0.3 * Math.Cos(expert * 0.3))))],
        Learner = ImmutableSortedDictionary<string, double>.Empty.Add("gamma", 0.12).Add("lambda", 0.4).Add("tokens_seen", 843_776),
        LastUpdateMs = 4.2,
        LongestUpdateMs = 31,
    });

    /// <inheritdoc/>
    public Task<ImmutableArray<StoredEpoch>> Epochs(string deployment, int layer, int limit, CancellationToken cancellationToken) =>
        Say<ImmutableArray<StoredEpoch>>([.. Enumerable.Range(0, 12).Select(age => new StoredEpoch(
            112 - age, layer, 3, "EnergyAwareTTT", age < 8 ? "promoted" : "canary", [.. Enumerable.Repeat(0.1f, 64), .. Enumerable.Repeat(-0.1f, 64)], [], 0.95, "consolidate", null, 412 - (age * 4),
            """{"stage_reason":"the canary saved","saving":"saved 6.1 % (95 % interval 4.7 to 7.5 %, 12 pairs)"}""", clock.GetUtcNow().AddSeconds(-30 * age), clock.GetUtcNow().AddSeconds(60 - (30 * age))))]);

    /// <inheritdoc/>
    public Task<ImmutableArray<SnapshotEntry>> Snapshots(string deployment, int layer, CancellationToken cancellationToken) =>
        Say<ImmutableArray<SnapshotEntry>>([.. Enumerable.Range(0, 5).Select(age => new SnapshotEntry(8 - age, 400 - (50 * age), age == 2 ? "promotion" : "updates", age == 2, 214_016, new string((char)('a' + age), 64), "{}", clock.GetUtcNow().AddMinutes(-5 * age)))]);

    /// <inheritdoc/>
    public Task<SnapshotComparison?> Compare(string deployment, int layer, long left, long right, CancellationToken cancellationToken) =>
        Say<SnapshotComparison?>(new(left, right, 300, 350, 102_400, 0.084, 0.11, 0.12, 0.02, true));

    /// <inheritdoc/>
    public Task<ImmutableArray<SampleKey>> Samples(string deployment, int layer, CancellationToken cancellationToken) => Say<ImmutableArray<SampleKey>>([new("replica-1", 99, 16), new("replica-0", 98, 16)]);

    /// <inheritdoc/>
    public Task<RouteExplanation?> Explain(string deployment, int layer, string replica, long chunk, int row, CancellationToken cancellationToken) =>
        Say<RouteExplanation?>(new(replica, chunk, row, 16, "EnergyAwareTTT", "consolidate", 0.95, 0.972, 61, 44,
        [
            new(17, 3.2f, 0.31, 0.04f, 0.9f, 5, true, true, 0.4f, "the gate's own and cheap"),
            new(80, 2.9f, 0.22, -0.1f, 1.3f, 0, true, false, null, "dear, and no other token of the batch uses it"),
            new(3, 2.7f, 0.19, 0.12f, 0.8f, 9, false, true, 0.25f, "nine others use it, so reading it is free"),
        ]));

    /// <inheritdoc/>
    public Task Freeze(string deployment, int layer, bool frozen, CancellationToken cancellationToken)
    {
        Frozen = frozen;
        return Do($"{(frozen ? "freeze" : "resume")} {deployment}/{layer}");
    }

    /// <inheritdoc/>
    public Task<string?> TakeSnapshot(string deployment, int layer, CancellationToken cancellationToken) => Do($"snapshot {deployment}/{layer}");

    /// <inheritdoc/>
    public Task<string?> RollBack(string deployment, int layer, long snapshot, CancellationToken cancellationToken) => Do($"back {deployment}/{layer} {snapshot}");

    /// <inheritdoc/>
    public Task<string?> Fork(string deployment, int layer, long snapshot, string target, int targetLayer, CancellationToken cancellationToken) => Do($"fork {deployment}/{layer} {snapshot} {target}/{targetLayer}");

    private static double Share(int expert) => (1 + Math.Sin(expert * 1.3)) / Experts;

    private Task<T> Say<T>(T value) => Failure is null ? Task.FromResult(value) : Task.FromException<T>(Failure);

    private Task<string?> Do(string deed)
    {
        Deeds.Add(deed);
        return Say(Refusal);
    }

    private DeploymentView View(string name)
    {
        var now = clock.GetUtcNow();
        return new()
        {
            Name = name,
            Revision = 1,
            Description = new DeploymentDescription
            {
                Model = "Qwen3-30B-A3B",
                Layers = Layers,
                Experts = Experts,
                TopK = 8,
                Gate = GateFunction.Softmax,
                BiasSpace = BiasSpace.Logit,
                CostTable = "h100",
                Replicas = [.. Enumerable.Range(0, 4).Select(index => new ReplicaDescription { Id = $"replica-{index}", Gpus = [FakeFleet.Id(index).Value] })],
            },
            Epoch = 112,
            Stage = "promoted",
            PolicyVersion = 3,
            Origin = Origin,
            Saving = Saving,
            Replicas = [.. Enumerable.Range(0, 3).Select(index => new ReplicaView($"replica-{index}", 99 - index, 112, index == 2 ? 111 : 112, index < 2 ? true : null, index, 3 + index, now.AddSeconds(-1 - index))), new ReplicaView("replica-3", -1, 0, 0, null, null, 2, default)],
            Recent = [.. Enumerable.Range(0, 60).Select(step => Point(step, now))],
        };
    }

    private static SteeringPoint Point(int step, DateTimeOffset now)
    {
        var heldOut = step % 12 == 7;
        return new(
            now.AddSeconds(10 * (step - 60)), heldOut ? SteeringArm.HeldOut : SteeringArm.Treated, 10_000, (heldOut ? 0.31 : 0.24) + (0.01 * Math.Sin(step)), heldOut ? 71 : 49 + Math.Sin(step),
            heldOut ? 1 : 0.974);
    }
}
