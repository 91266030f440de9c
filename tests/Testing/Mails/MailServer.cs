using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EnergyTTT.Testing.Mails;

/// <summary>A mail that a server took.</summary>
/// <param name="From">Who sent it, by its envelope.</param>
/// <param name="To">To whom, by its envelope.</param>
/// <param name="Text">Headers and body as they came.</param>
/// <param name="Encrypted">Whether it came through TLS.</param>
/// <param name="SignedIn">The name that the sender signed in with; null when it did not.</param>
public sealed record TakenMail(string From, IReadOnlyList<string> To, string Text, bool Encrypted, string? SignedIn);

/// <summary>A mail server on loopback that speaks enough SMTP for a real client: EHLO, STARTTLS with a certificate of its own, AUTH PLAIN, MAIL, RCPT, DATA. It keeps what it takes.</summary>
public sealed class MailServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly X509Certificate2 _certificate;
    private readonly Task _running;

    /// <summary>Starts it.</summary>
    /// <param name="offersTls">Whether it offers STARTTLS.</param>
    public MailServer(bool offersTls = true)
    {
        OffersTls = offersTls;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var made = request.CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        _certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        AuthorityFile = Path.GetTempFileName();
        File.WriteAllText(AuthorityFile, _certificate.ExportCertificatePem());
        _listener.Start();
        _running = Listen();
    }

    /// <summary>Its port.</summary>
    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>A PEM file with its certificate.</summary>
    public string AuthorityFile { get; }

    /// <summary>Whether it offers STARTTLS.</summary>
    public bool OffersTls { get; }

    /// <summary>How many further mails it answers 451, "try again later".</summary>
    public int Busy { get; set; }

    /// <summary>What it took.</summary>
    public ConcurrentQueue<TakenMail> Taken { get; } = new();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _running;
        _certificate.Dispose();
        _end.Dispose();
        File.Delete(AuthorityFile);
    }

    private async Task Listen()
    {
        try
        {
            while (!_end.IsCancellationRequested)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                _ = Serve(client);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task Serve(TcpClient client)
    {
        using var owned = client;
        try
        {
            await Talk(client.GetStream());
        }
        catch (Exception error) when (error is IOException or OperationCanceledException or ObjectDisposedException or System.Security.Authentication.AuthenticationException)
        {
            // The other side hung up, or did not trust us.
        }
    }

    private async Task Talk(Stream stream)
    {
        var (encrypted, user, from, to) = (false, (string?)null, "", new List<string>());
        await Say(stream, "220 localhost ready");
        while (await Line(stream) is { } line)
        {
            switch (line.Split(' ')[0].ToUpperInvariant())
            {
                case "EHLO":
                    await Say(stream, "250-localhost" + (OffersTls && !encrypted ? "\r\n250-STARTTLS" : "") + (encrypted ? "\r\n250-AUTH PLAIN" : "") + "\r\n250 8BITMIME");
                    break;
                case "STARTTLS":
                    await Say(stream, "220 go ahead");
                    var secure = new SslStream(stream);
                    await secure.AuthenticateAsServerAsync(_certificate);
                    (stream, encrypted) = (secure, true);
                    break;
                case "AUTH":
                    user = Encoding.UTF8.GetString(Convert.FromBase64String(line.Split(' ')[2])).Split('\0')[1];
                    await Say(stream, "235 welcome");
                    break;
                case "MAIL":
                    (from, to) = (Address(line), []);
                    await Say(stream, "250 ok");
                    break;
                case "RCPT":
                    to.Add(Address(line));
                    await Say(stream, "250 ok");
                    break;
                case "DATA" when Busy > 0:
                    Busy--;
                    await Say(stream, "451 try again later");
                    break;
                case "DATA":
                    await Say(stream, "354 go on");
                    var text = new StringBuilder();
                    while (await Line(stream) is { } part && part != ".")
                    {
                        text.Append(part).Append('\n');
                    }

                    Taken.Enqueue(new(from, [.. to], text.ToString(), encrypted, user));
                    await Say(stream, "250 taken");
                    break;
                case "QUIT":
                    await Say(stream, "221 bye");
                    return;
                default:
                    await Say(stream, "250 ok");
                    break;
            }
        }
    }

    private static string Address(string line) => line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..line.IndexOf('>', StringComparison.Ordinal)];

    private static Task Say(Stream stream, string text) => stream.WriteAsync(Encoding.ASCII.GetBytes(text + "\r\n")).AsTask();

    private static async Task<string?> Line(Stream stream)
    {
        var line = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one) == 1)
        {
            if (one[0] == '\n')
            {
                return Encoding.UTF8.GetString([.. line]).TrimEnd('\r');
            }

            line.Add(one[0]);
        }

        return null;
    }
}
