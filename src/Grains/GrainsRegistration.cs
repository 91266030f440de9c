using EnergyTTT.Contracts;
using EnergyTTT.Grains.Fleet;
using EnergyTTT.Grains.Gpus;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.Grains;

/// <summary>Adds the room's grains to a silo.</summary>
public static class GrainsRegistration
{
    /// <summary>Registers what the grains of GPUs and of the fleet need. The silo must have default grain storage and the history.</summary>
    public static ISiloBuilder AddGrains(this ISiloBuilder silo)
    {
        silo.Services.AddWireSerialisation();
        silo.AddGrainService<FleetSliceService>();
        silo.Services.AddSingleton<IFleetSlices, FleetSlices>();
        silo.Services.AddSingleton<FleetSlice>();
        silo.Services.AddSingleton<GpuInstruments>();
        silo.Services.AddSingleton<IKnownGpus, KnownGpus>();
        silo.Services.AddOptions<GpuGrainOptions>().BindConfiguration("Gpus").ValidateDataAnnotations().ValidateOnStart();
        return silo;
    }
}
