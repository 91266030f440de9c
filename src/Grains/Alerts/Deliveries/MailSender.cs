using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using EnergyTTT.Wire.Alerts;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace EnergyTTT.Grains.Alerts.Deliveries;

/// <summary>Sends messages through the server's own mail server. The Message-Id is the message's own, so that a mailbox can drop what it has.</summary>
internal sealed class MailSender(IOptions<SmtpOptions> options)
{
    private const int Timeout = 20_000;

    /// <summary>One try.</summary>
    public async Task<DeliveryOutcome> Send(ContactPoint contact, AlertMessage message, CancellationToken cancellationToken)
    {
        var smtp = options.Value;
        if (smtp.Host is not { Length: > 0 } host)
        {
            return new("no mail server is set: Alerts:Smtp:Host", IsFinal: true);
        }

        using var mail = Compose(smtp, contact, message);
        using var client = new SmtpClient { Timeout = Timeout };
        if (smtp.Authority is { } authority)
        {
            client.ServerCertificateValidationCallback = (_, certificate, _, errors) => IsTrusted(certificate, errors, authority);
        }

        try
        {
            await client.ConnectAsync(host, smtp.Port, smtp.Secure ?? SecureSocketOptions.StartTls, cancellationToken);
            if (smtp.User is { } user)
            {
                var password = smtp.PasswordFile is { } file ? (await File.ReadAllTextAsync(file, cancellationToken)).Trim() : smtp.Password;
                await client.AuthenticateAsync(user, password ?? "", cancellationToken);
            }

            await client.SendAsync(mail, cancellationToken);
            await client.DisconnectAsync(quit: true, cancellationToken);
            return default;
        }
        catch (SmtpCommandException refusal)
        {
            // 4xx is "later", 5xx is "no".
            return new($"{host} answered {(int)refusal.StatusCode}: {refusal.Message}", (int)refusal.StatusCode >= 500);
        }
        catch (Exception error) when (error is AuthenticationException or SslHandshakeException or NotSupportedException or ProtocolException or SocketException or IOException or TimeoutException)
        {
            return new($"{host} took no mail: {error.Message}");
        }
    }

    /// <summary>The line that people see first.</summary>
    internal static string Subject(AlertMessage message) => message.Kind switch
    {
        AlertMessageKind.Test => "[EnergyTTT] Test of a contact point",
        AlertMessageKind.Resolved => $"[EnergyTTT] Over: {Things(message.Resolved)}",
        AlertMessageKind.Repeat => $"[EnergyTTT] Still {Worst(message.Firing)}: {Things(message.Firing)}",
        _ => $"[EnergyTTT] {Worst(message.Firing)}: {Things(message.Firing)}",
    };

    private static MimeMessage Compose(SmtpOptions smtp, ContactPoint contact, AlertMessage message)
    {
        var mail = new MimeMessage { Subject = Subject(message), MessageId = $"{message.Id}@energyttt", Date = message.CreatedAt };
        mail.From.Add(MailboxAddress.Parse(smtp.From));
        mail.To.AddRange((contact.To ?? []).Select(MailboxAddress.Parse));
        mail.Headers.Add("Auto-Submitted", "auto-generated");
        mail.Body = new TextPart("plain") { Text = Text(message) };
        return mail;
    }

    private static string Text(AlertMessage message)
    {
        var text = new StringBuilder();
        Section(text, "Goes on", message.Firing);
        Section(text, "Over", message.Resolved);
        return text.Append(message.Link).Append('\n').ToString();
    }

    private static void Section(StringBuilder text, string title, IReadOnlyList<AlertItem> items)
    {
        if (items.Count == 0)
        {
            return;
        }

        text.Append(CultureInfo.InvariantCulture, $"{title} ({items.Count})\n\n");
        foreach (var item in items)
        {
            text.Append(CultureInfo.InvariantCulture, $"{item.Severity.ToString().ToLowerInvariant()}: {item.Title}, {item.Instance}\n");
            text.Append(item.Value is { } value ? string.Create(CultureInfo.InvariantCulture, $"  {value:G4} {item.Unit}, threshold {item.Threshold:G4}, since {item.Since.UtcDateTime:u}\n") : string.Create(CultureInfo.InvariantCulture, $"  no data since {item.Since.UtcDateTime:u}\n"));
            foreach (var line in new[] { item.Detail, item.Description, item.Runbook, item.AcknowledgedBy is { } by ? "taken on by " + by : null }.OfType<string>().Where(line => line.Length > 0))
            {
                text.Append("  ").Append(line).Append('\n');
            }

            text.Append('\n');
        }
    }

    private static string Worst(IReadOnlyList<AlertItem> items) => items.Count == 0 ? "alert" : items.Max(item => item.Severity).ToString().ToLowerInvariant();

    private static string Things(IReadOnlyList<AlertItem> items) =>
        items.Count == 0 ? "nothing" : items.Count == 1 ? $"{items[0].Title}, {items[0].Instance}" : items.All(item => item.Rule == items[0].Rule) ? string.Create(CultureInfo.InvariantCulture, $"{items[0].Title}, {items.Count} of them") : string.Create(CultureInfo.InvariantCulture, $"{items.Count} alerts");

    private static bool IsTrusted(X509Certificate? certificate, SslPolicyErrors errors, string authority)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }

        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck } };
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(authority);
        using var own = X509CertificateLoader.LoadCertificate(certificate.Export(X509ContentType.Cert));
        return chain.Build(own);
    }
}
