using EnergyTTT.Contracts;
using EnergyTTT.Grains;
using EnergyTTT.Silo.Settings;
using Npgsql;
using Orleans.Configuration;
using Orleans.Storage;

namespace EnergyTTT.Silo.Clusters;

/// <summary>Orleans on PostgreSQL: membership, grain state and reminders through the AdoNet packages and the one shared data source.</summary>
internal static class ClusterRegistration
{
    private const string Invariant = "Npgsql";
    private const string ClusterName = "energyttt";

    /// <summary>Makes this process a silo, or a client of the cluster when it only serves pages.</summary>
    public static void AddCluster(this WebApplicationBuilder builder, ServerSettings settings)
    {
        if (settings.Roles.HasFlag(Roles.Silo))
        {
            builder.UseOrleans(silo => Configure(silo, settings));
        }
        else
        {
            builder.UseOrleansClient(Configure);
        }
    }

    private static void Configure(ISiloBuilder silo, ServerSettings settings)
    {
        silo.Configure<ClusterOptions>(Name);
        silo.UseAdoNetClustering(options => options.Configure<NpgsqlDataSource>((it, source) => (it.Invariant, it.DataSource) = (Invariant, source)));
        silo.UseAdoNetReminderService(options => options.Configure<NpgsqlDataSource>((it, source) => (it.Invariant, it.DataSource) = (Invariant, source)));
        silo.AddAdoNetGrainStorageAsDefault(options => options.Configure<NpgsqlDataSource, Orleans.Serialization.Serializer>((it, source, serializer) =>
        {
            (it.Invariant, it.DataSource) = (Invariant, source);

            // The provider's own default is Newtonsoft's JSON, which is unusable for anything large.
            it.GrainStorageSerializer = new OrleansGrainStorageSerializer(serializer);
        }));

        var ports = FreePorts.Find(settings.SiloAddress, settings.SiloPort, settings.GatewayPort);
        silo.ConfigureEndpoints(settings.SiloAddress, ports[0], ports[1]);
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            // Seen with two silos on PostgreSQL: 0.8 s of errors after a kill -9 instead of 12.9 s with the defaults.
            options.ProbeTimeout = TimeSpan.FromSeconds(1);
            options.NumMissedProbesLimit = 2;
            options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            options.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
        });
        silo.Configure<LoadSheddingOptions>(options => options.LoadSheddingEnabled = true);
        silo.Configure<GrainCollectionOptions>(options => options.EnableActivationSheddingOnMemoryPressure = true);
        silo.Services.AddHostedService<SiloWatch>();
        silo.AddGrains();
    }

    private static void Configure(IClientBuilder client)
    {
        client.Services.AddWireSerialisation();
        client.Configure<ClusterOptions>(Name);
        client.UseAdoNetClustering(options => options.Configure<NpgsqlDataSource>((it, source) => (it.Invariant, it.DataSource) = (Invariant, source)));
        client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
    }

    private static void Name(ClusterOptions options)
    {
        options.ClusterId = ClusterName;
        options.ServiceId = ClusterName;
    }
}
