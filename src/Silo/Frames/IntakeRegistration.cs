using EnergyTTT.History.Rollups;
using EnergyTTT.History.Partitions;
using EnergyTTT.History.Frames;
using EnergyTTT.History.Seals;
using EnergyTTT.Silo.Demos;
using EnergyTTT.Silo.Settings;

namespace EnergyTTT.Silo.Frames;

/// <summary>Adds the road of telemetry to a silo process.</summary>
internal static class IntakeRegistration
{
    /// <summary>Registers the intake and, after the cluster so that it stops before it, the feed of the grains.</summary>
    public static void AddTelemetryIntake(this WebApplicationBuilder builder, ServerSettings settings)
    {
        builder.Services.AddSingleton<IntakeInstruments>();
        builder.Services.AddSingleton<Quarantine>();
        builder.Services.AddSingleton<GpuFeed>();
        builder.Services.AddOptions<RetentionOptions>().BindConfiguration("Retention");
        builder.Services.AddOptions<RollupOptions>().BindConfiguration("Rollups");
        builder.Services.AddOptions<SealOptions>().BindConfiguration("Sealing");
        builder.Services.AddOptions<FrameWriterOptions>().BindConfiguration("Writer");
        builder.Services.AddOptions<IntakeOptions>().BindConfiguration("Intake").ValidateDataAnnotations().ValidateOnStart();
        if (!settings.Roles.HasFlag(Roles.Silo))
        {
            return;
        }

        builder.Services.AddSingleton<TelemetryIntake>();
        builder.Services.AddHostedService(services => services.GetRequiredService<GpuFeed>());
        if (settings.Demo)
        {
            builder.Services.AddHostedService<ReplayDemo>();
            builder.Services.AddHostedService<SteeringDemo>();
        }
    }
}
