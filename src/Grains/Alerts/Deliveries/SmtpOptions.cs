using MailKit.Security;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Grains.Alerts.Deliveries;

/// <summary>The server's own mail server; section <c>Alerts:Smtp</c>. Without a host no e-mail is sent.</summary>
public sealed class SmtpOptions
{
    /// <summary>Name of the mail server; null: none.</summary>
    public string? Host { get; set; }

    /// <summary>Its port.</summary>
    public int Port { get; set; } = 587;

    /// <summary><c>starttls</c> (refused if the server does not offer it), <c>tls</c> from the first byte, or <c>none</c> for a relay on this machine.</summary>
    public string Security { get; set; } = "starttls";

    /// <summary>Who sends.</summary>
    public string From { get; set; } = "energyttt@localhost";

    /// <summary>Name to sign in with; null: without.</summary>
    public string? User { get; set; }

    /// <summary>Password; better in <see cref="PasswordFile"/> or the environment than among arguments.</summary>
    public string? Password { get; set; }

    /// <summary>A file that holds the password, read at every message.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>A PEM file with the authority of the server's certificate, where it is not one that the machine trusts.</summary>
    public string? Authority { get; set; }

    internal SecureSocketOptions? Secure => Security switch { "starttls" => SecureSocketOptions.StartTls, "tls" => SecureSocketOptions.SslOnConnect, "none" => SecureSocketOptions.None, _ => null };
}

/// <summary>What must hold between the settings of mail.</summary>
internal sealed class SmtpOptionsValidator : IValidateOptions<SmtpOptions>
{
    public ValidateOptionsResult Validate(string? name, SmtpOptions options)
    {
        List<string> mistakes = [];
        if (options.Secure is null)
        {
            mistakes.Add($"Alerts:Smtp:Security is '{options.Security}'; starttls, tls or none expected.");
        }

        if (options.Port is < 1 or > 65_535)
        {
            mistakes.Add($"Alerts:Smtp:Port is {options.Port}; 1 to 65535 expected.");
        }

        if (!MimeKit.MailboxAddress.TryParse(options.From, out _))
        {
            mistakes.Add($"Alerts:Smtp:From is '{options.From}'; an e-mail address expected.");
        }

        if (options.Secure == SecureSocketOptions.None && options.User is not null)
        {
            mistakes.Add("Alerts:Smtp:User is set although Alerts:Smtp:Security is none: a password would travel in the clear.");
        }

        return mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(mistakes);
    }
}
