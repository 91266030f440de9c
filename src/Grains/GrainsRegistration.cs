using EnergyTTT.Contracts;
using EnergyTTT.Grains.Access;
using EnergyTTT.Grains.Alerts;
using EnergyTTT.Grains.Deployments;
using EnergyTTT.Grains.Fleet;
using EnergyTTT.Grains.Gpus;
using EnergyTTT.Grains.Policies;
using EnergyTTT.Grains.Runs;
using EnergyTTT.Grains.Rollouts;
using EnergyTTT.Grains.Routers;
using EnergyTTT.History.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.Grains;

/// <summary>Adds the room's grains to a silo.</summary>
public static class GrainsRegistration
{
    /// <summary>Registers what the grains of GPUs, the fleet, deployments and routers need. The silo must have default grain storage and the history.</summary>
    public static ISiloBuilder AddGrains(this ISiloBuilder silo)
    {
        silo.Services.AddWireSerialisation();
        silo.AddIncomingGrainCallFilter<CallerFilter>();
        silo.AddGrainService<FleetSliceService>();
        silo.Services.AddSingleton<IFleetSlices, FleetSlices>();
        silo.Services.AddSingleton<FleetSlice>();
        silo.Services.AddSingleton<GpuInstruments>();
        silo.Services.AddSingleton<IKnownGpus, KnownGpus>();
        silo.Services.AddSingleton<PolicyBook>();
        silo.Services.AddHostedService<RolloutWatch>();
        silo.Services.AddAlerts();
        silo.Services.AddSingleton<PolicyDirectory>();
        silo.Services.AddSingleton<DeploymentInstruments>();
        silo.Services.AddSingleton<RouterInstruments>();
        silo.Services.AddSingleton<LearningLane>();
        silo.Services.AddSingleton(services => CostTables.Read(
            Path.Combine(AppContext.BaseDirectory, "data", "h100_moe_cost.json"), services.GetService<DataFolder>() is { } folder ? Path.Combine(folder.Path, "cost-tables") : null));
        silo.Services.AddOptions<DeploymentOptions>().BindConfiguration("Deployments").ValidateDataAnnotations().ValidateOnStart();
        silo.Services.AddOptions<RouterOptions>().BindConfiguration("Routers").ValidateDataAnnotations().ValidateOnStart();
        silo.Services.AddOptions<GpuGrainOptions>().BindConfiguration("Gpus").ValidateDataAnnotations().ValidateOnStart();
        silo.Services.AddOptions<VersionRunOptions>().BindConfiguration("VersionRuns").ValidateDataAnnotations().ValidateOnStart();
        silo.Services.AddOptions<ProposalOptions>().BindConfiguration("Proposals").ValidateDataAnnotations().ValidateOnStart();
        silo.Services.AddOptions<RunOptions>().BindConfiguration("Runs").ValidateDataAnnotations().ValidateOnStart();
        return silo;
    }
}
