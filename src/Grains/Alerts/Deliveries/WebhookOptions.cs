namespace EnergyTTT.Grains.Alerts.Deliveries;

/// <summary>Where webhooks may go; section <c>Alerts:Webhooks</c>.</summary>
public sealed class WebhookOptions
{
    /// <summary>
    /// What webhooks may reach beside public addresses by https: names (<c>hooks.corp.example</c>, <c>*.corp.example</c>), addresses and blocks (<c>10.1.0.0/16</c>). Only to these may a webhook go by
    /// plain http. Empty: public addresses by https alone.
    /// </summary>
    public IList<string> Allow { get; } = [];

    /// <summary>How long one try may take; 1 s to 1 min.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);
}
