using EnergyTTT.History.Annotations;
using EnergyTTT.History.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace EnergyTTT.History.Alerts;

/// <summary>Registers what alerts keep.</summary>
internal static class AlertsRegistration
{
    public static void AddAlertHistory(this IServiceCollection services)
    {
        // Without a folder of its own (tests) secrets last as long as the process.
        services.AddSingleton(provider => new SecretBox(provider.GetService<DataFolder>()?.ReadOrCreateSecret("alerts-key") ?? Guid.NewGuid().ToString()));
        services.AddSingleton<AlertRuleStore>();
        services.AddSingleton<AlertStateStore>();
        services.AddSingleton<QuietStore>();
        services.AddSingleton<ContactPointStore>();
        services.AddSingleton<NotificationStore>();
        services.AddSingleton<ResidualReader>();
        services.AddSingleton<AnnotationReader>();
    }
}
