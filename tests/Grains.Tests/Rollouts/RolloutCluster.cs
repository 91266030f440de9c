using EnergyTTT.Contracts;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Contracts.Policies;
using EnergyTTT.Contracts.Rollouts;
using EnergyTTT.Grains.Deployments;
using EnergyTTT.Grains.Rollouts;
using EnergyTTT.History;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Rollouts;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Storage;
using Orleans.TestingHost;
using Xunit;

namespace EnergyTTT.Grains.Tests.Rollouts;

/// <summary>Silos in this process over a real PostgreSQL, with everything that deployments need.</summary>
public sealed class RolloutCluster : IAsyncDisposable
{
    private readonly PostgresFixture _database = new();

    private RolloutCluster(TimeProvider clock) => Clock = clock;

    public TimeProvider Clock { get; }

    public InProcessTestCluster Cluster { get; private set; } = null!;

    public IGrainFactory Grains => Cluster.Client;

    public string ConnectionString => _database.ConnectionString;

    public static async Task<RolloutCluster> Start(short silos, TimeProvider? clock = null, Action<DeploymentOptions>? options = null, Action<IServiceCollection>? services = null)
    {
        var cluster = new RolloutCluster(clock ?? TimeProvider.System);
        await cluster._database.InitializeAsync();
        var builder = new InProcessTestClusterBuilder(silos);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton(cluster.Clock);
            silo.Services.UseTimeProviderForBackgroundAreas(TimeProvider.System);
            silo.Services.AddHistory(cluster._database.ConnectionString);
            silo.AddAdoNetGrainStorageAsDefault(storage => storage.Configure<NpgsqlDataSource, Orleans.Serialization.Serializer>((it, source, serializer) =>
                (it.Invariant, it.DataSource, it.GrainStorageSerializer) = ("Npgsql", source, new OrleansGrainStorageSerializer(serializer))));
            silo.AddGrains();
            silo.Services.Configure(options ?? (_ => { }));
            services?.Invoke(silo.Services);
            silo.Services.Configure<VersionRunOptions>(runs => runs.Watch = TimeSpan.FromSeconds(150));
        });
        builder.ConfigureClient(client => client.Services.AddWireSerialisation());
        cluster.Cluster = builder.Build();
        await cluster.Cluster.DeployAsync();
        return cluster;
    }

    public IPolicyGrain Policy(string scope) => Grains.GetGrain<IPolicyGrain>(IPolicyGrain.KeyOf(scope));

    public IDeploymentGrain Deployment(string name) => Grains.GetGrain<IDeploymentGrain>(IDeploymentGrain.KeyOf(name));

    public IRolloutGrain Rollout(long id) => Grains.GetGrain<IRolloutGrain>(IRolloutGrain.KeyOf(id));

    public async Task<PolicyVersion> Save(string scope, PolicyDocument document)
    {
        var decision = await Policy(scope).Save(new(document, "a test"), (await Policy(scope).Current()).Version, "ada");
        Assert.Equal((PolicyOutcome.Saved, ""), (decision.Outcome, string.Join("; ", decision.Mistakes.Select(mistake => mistake.Reason))));
        return decision.Current;
    }

    public async Task<Rollout> Roll(string scope, RolloutRequest request)
    {
        var decision = await Policy(scope).Roll(request, (await Policy(scope).Current()).Version, "ada");
        Assert.Equal((RolloutOutcome.Done, ""), (decision.Outcome, string.Join("; ", decision.Mistakes.Select(mistake => mistake.Reason))));
        return decision.Rollout!;
    }

    public async Task Describe(string name, int layers, int experts = 16)
    {
        var decision = await Deployment(name).Describe(new DeploymentDescription
        {
            Model = "test", Layers = layers, Experts = experts, TopK = 2, Gate = GateFunction.Softmax, BiasSpace = BiasSpace.Logit, Replicas = [new ReplicaDescription { Id = "a", Gpus = ["GPU-" + name] }],
        });
        Assert.Equal("", string.Join("; ", decision.Problems.Select(problem => problem.Reason)));
    }

    /// <summary>Waits in real time until something holds.</summary>
    public static Task Until(Func<Task<bool>> holds, string what, double seconds = 30) => Until(holds, () => what, seconds);

    /// <summary>The same, with words that are made when they are needed.</summary>
    public static async Task Until(Func<Task<bool>> holds, Func<string> what, double seconds = 30)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started).TotalSeconds < seconds, $"{what()} did not come true within {seconds} s");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }

        await _database.DisposeAsync();
    }
}
