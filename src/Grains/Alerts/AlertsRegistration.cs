using EnergyTTT.Grains.Alerts.Deliveries;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Grains.Alerts;

/// <summary>Registers what watching and telling need.</summary>
internal static class AlertsRegistration
{
    public static void AddAlerts(this IServiceCollection services)
    {
        services.AddOptions<AlertOptions>().BindConfiguration("Alerts").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<WebhookOptions>().BindConfiguration("Alerts:Webhooks").Validate(
            options => options.Timeout >= TimeSpan.FromSeconds(1) && options.Timeout <= TimeSpan.FromMinutes(1), "Alerts:Webhooks:Timeout lies in 1 s to 1 min.").ValidateOnStart();
        services.AddOptions<SmtpOptions>().BindConfiguration("Alerts:Smtp").ValidateOnStart();
        services.AddSingleton<IValidateOptions<SmtpOptions>, SmtpOptionsValidator>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<MailSender>();
        services.AddHostedService<AlertWatch>();
        services.AddHostedService<NotificationDispatcher>();
    }
}
