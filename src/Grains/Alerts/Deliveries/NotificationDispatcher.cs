using System.Data.Common;
using EnergyTTT.History.Alerts;
using EnergyTTT.Wire.Alerts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EnergyTTT.Grains.Alerts.Deliveries;

/// <summary>Sends what is due in the outbox, in every silo: at least once each, with growing pauses, for a day.</summary>
internal sealed partial class NotificationDispatcher(
    NotificationStore outbox, ContactPointStore contacts, WebhookSender webhooks, MailSender mails, TimeProvider clock, ILogger<NotificationDispatcher> logger) : BackgroundService
{
    private const int AtOnce = 16;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Patience = TimeSpan.FromHours(24);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(15);

    /// <summary>The pause after a try that failed: 5 s, doubled with each further one, up to a quarter of an hour.</summary>
    internal static TimeSpan PauseAfter(int attempt) => TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, 5 * Math.Pow(2, Math.Min(attempt, 20) - 1)));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        do
        {
            try
            {
                var now = clock.GetUtcNow();
                await Task.WhenAll((await outbox.Claim(now, now + Lease, AtOnce, stoppingToken)).Select(one => Send(one.Message, one.Attempt, stoppingToken)));
            }
            catch (DbException error)
            {
                // What was claimed is due again when its lease is over.
                LogOutboxAway(error);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task Send(AlertMessage message, int attempt, CancellationToken cancellationToken)
    {
        var outcome = await contacts.Find(message.ContactPoint, cancellationToken) switch
        {
            null => new("the contact point was removed", IsFinal: true),
            { Contact.Enabled: false } when message.Kind != AlertMessageKind.Test => new("the contact point is switched off", IsFinal: true),
            { Contact: { Kind: ContactKind.Webhook } contact, Secret: var secret } => await webhooks.Send(contact, secret, message, cancellationToken),
            { Contact: var contact } => await mails.Send(contact, message, cancellationToken),
        };
        var now = clock.GetUtcNow();
        if (outcome.Error is not { } error)
        {
            await outbox.Settle(message.Id, DeliveryState.Delivered, now, null, null, cancellationToken);
            LogDelivered(message.Id, message.ContactPoint, message.Kind, attempt);
            return;
        }

        var pause = outcome.RetryAfter is { } asked && asked > TimeSpan.Zero && asked < LongestPause ? asked : PauseAfter(attempt);
        var isOver = outcome.IsFinal || now + pause - message.CreatedAt > Patience;
        await outbox.Settle(message.Id, isOver ? DeliveryState.GivenUp : DeliveryState.Waiting, now, isOver ? null : now + pause, error, cancellationToken);
        LogNotDelivered(message.Id, message.ContactPoint, attempt, isOver ? "given up" : "will be tried again", error);
    }

    [LoggerMessage(LogLevel.Information, "Message {Id} was delivered to {ContactPoint} ({Kind}) at try {Attempt}")]
    private partial void LogDelivered(Guid id, string contactPoint, AlertMessageKind kind, int attempt);

    [LoggerMessage(LogLevel.Warning, "Message {Id} was not delivered to {ContactPoint} at try {Attempt}, {Consequence}: {Reason}")]
    private partial void LogNotDelivered(Guid id, string contactPoint, int attempt, string consequence, string reason);

    [LoggerMessage(LogLevel.Warning, "The outbox of alerts could not be read")]
    private partial void LogOutboxAway(Exception error);
}
