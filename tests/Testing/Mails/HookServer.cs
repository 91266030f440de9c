using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EnergyTTT.Testing.Mails;

/// <summary>A call that a webhook made.</summary>
public sealed record HookCall(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>An HTTP server on loopback that keeps what is posted to it and answers what the test wants.</summary>
public sealed class HookServer : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Task _running;

    /// <summary>Starts it.</summary>
    public HookServer()
    {
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            Url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{((IPEndPoint)socket.LocalEndPoint!).Port}/hook/secret-path"));
        }

        _listener.Prefixes.Add(Url.GetLeftPart(UriPartial.Authority) + "/");
        _listener.Start();
        _running = Listen();
    }

    /// <summary>Where it listens.</summary>
    public Uri Url { get; }

    /// <summary>What came.</summary>
    public ConcurrentQueue<HookCall> Calls { get; } = new();

    /// <summary>What it answers, from the number of the call (0 is the first): a status, and where to for redirects.</summary>
    public Func<int, (int Status, string? Location)> Answer { get; set; } = _ => (204, null);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _running;
        _listener.Close();
    }

    private async Task Listen()
    {
        try
        {
            while (_listener.IsListening)
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                var headers = context.Request.Headers.AllKeys.OfType<string>().ToDictionary(name => name, name => context.Request.Headers[name] ?? "", StringComparer.OrdinalIgnoreCase);
                var (status, location) = Answer(Calls.Count);
                Calls.Enqueue(new(context.Request.Url?.AbsolutePath ?? "", headers, body.ToArray()));
                context.Response.StatusCode = status;
                if (location is not null)
                {
                    context.Response.Headers["Location"] = location;
                }

                context.Response.Close();
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
        {
            // Stopped.
        }
    }
}
