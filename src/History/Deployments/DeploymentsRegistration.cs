using EnergyTTT.History.Backtests;
using EnergyTTT.History.Policies;
using EnergyTTT.History.Proposals;
using EnergyTTT.History.Rollouts;
using EnergyTTT.History.Routers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EnergyTTT.History.Deployments;

/// <summary>Registers what steering and policies keep.</summary>
internal static class DeploymentsRegistration
{
    public static void AddSteeringHistory(this IServiceCollection services, bool writes)
    {
        services.AddSingleton<PolicyStore>();
        services.AddSingleton<RolloutStore>();
        services.AddSingleton<ProposalStore>();
        services.AddSingleton<VitalsReader>();
        services.AddSingleton<EffectReader>();
        services.AddSingleton<UsageRecordReader>();
        services.AddSingleton<DeploymentStore>();
        services.AddSingleton<EpochStore>();
        services.AddSingleton<LedgerStore>();
        services.AddSingleton<PlacementStore>();
        services.AddSingleton<BlockReader>();
        services.AddSingleton<ChunkReader>();
        services.AddSingleton<SnapshotStore>();
        services.AddSingleton<UsageReader>();
        if (writes)
        {
            services.AddOptions<FeedbackOptions>().ValidateDataAnnotations().ValidateOnStart();
            services.AddSingleton<FeedbackWriter>();
            services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<FeedbackWriter>());
        }
    }
}
