using EnergyTTT.Contracts;
using EnergyTTT.History;
using EnergyTTT.History.Frames;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Orleans.Storage;
using Orleans.TestingHost;
using Xunit;

namespace EnergyTTT.Grains.Tests.Clusters;

/// <summary>A silo in this process over a real PostgreSQL, in whose history one GPU was known before the silo started.</summary>
public sealed class ClusterFixture : IAsyncLifetime
{
    public const string KnownGpu = "GPU-known-before";
    private readonly PostgresFixture _database = new();

    public InProcessTestCluster Cluster { get; private set; } = null!;

    public IGrainFactory Grains => Cluster.Client;

    public async Task InitializeAsync()
    {
        await _database.InitializeAsync();
        await RememberOneGpu();
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddHistory(_database.ConnectionString, writes: false);
            silo.AddAdoNetGrainStorageAsDefault(options => options.Configure<NpgsqlDataSource, Orleans.Serialization.Serializer>((it, source, serializer) =>
                (it.Invariant, it.DataSource, it.GrainStorageSerializer) = ("Npgsql", source, new OrleansGrainStorageSerializer(serializer))));
            silo.AddGrains();
        });
        builder.ConfigureClient(client => client.Services.AddWireSerialisation());
        Cluster = builder.Build();
        await Cluster.DeployAsync();
    }

    public async Task DisposeAsync()
    {
        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }

        await _database.DisposeAsync();
    }

    /// <summary>Stores a frame in the history as the intake does before it tells the grain.</summary>
    public async Task Store(Frame frame, string host, DateTimeOffset received)
    {
        await using var services = new ServiceCollection().AddLogging().AddMetrics().AddHistory(_database.ConnectionString).BuildServiceProvider();
        var writer = services.GetRequiredService<FrameWriter>();
        await writer.StartAsync(CancellationToken.None);
        var batch = new TelemetryBatch { Source = "test", Boot = "boot", Site = "ams", Rack = "r1", Host = host, Frames = [frame] };
        for (var tries = 0; ; tries++)
        {
            try
            {
                await writer.Write(batch, batch.Frames, received, CancellationToken.None);
                break;
            }
            catch (WriterBusyException) when (tries < 200)
            {
                // Connecting.
                await Task.Delay(50);
            }
        }

        await writer.StopAsync(CancellationToken.None);
    }

    private Task RememberOneGpu()
    {
        var anHourAgo = DateTimeOffset.UtcNow.AddHours(-1);
        var frame = new Frame { Gpu = GpuId.Parse(KnownGpu), Sequence = 1, Time = anHourAgo, Seconds = 1, Origin = Origin.Measured, EnergyJoules = 500, EnergyMethod = EnergyMethod.Counter };
        return Store(frame, "host-before", anHourAgo);
    }
}

[CollectionDefinition(Name)]
[System.Diagnostics.CodeAnalysis.SuppressMessage("Naming", "CA1711", Justification = "xunit's word.")]
public sealed class ClusterCollection : ICollectionFixture<ClusterFixture>
{
    public const string Name = "cluster";
}
