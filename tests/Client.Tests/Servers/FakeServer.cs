using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Client.Tests.Servers;

/// <summary>A server on the loopback address that says what a test tells it to, and remembers what it was told.</summary>
public sealed class FakeServer : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _serving;
    private readonly Func<DateTimeOffset> _now;
    private volatile SteeringEpoch? _epoch;

    public FakeServer(Func<DateTimeOffset> now, int port = 0)
    {
        _now = now;
        Port = port == 0 ? FreePort() : port;
        _listener.Prefixes.Add($"http://127.0.0.1:{Port}/");
        _listener.Start();
        _serving = Task.Run(Serve);
    }

    public int Port { get; }

    public Uri Address => new($"http://127.0.0.1:{Port}");

    /// <summary>What the next posts of feedback are answered with, before the epoch is.</summary>
    public ConcurrentQueue<(int Status, string Body)> Answers { get; } = new();

    /// <summary>What every call is refused with, if anything.</summary>
    public (int Status, string Body)? Refusal { get; set; }

    public ConcurrentQueue<(ChunkFeedback Feedback, string Body)> Feedback { get; } = new();

    public ConcurrentQueue<AppliedEpoch> Receipts { get; } = new();

    public ConcurrentQueue<string?> Keys { get; } = new();

    public void Issue(SteeringEpoch? epoch) => _epoch = epoch;

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _serving;
        _listener.Close();
        _stopping.Dispose();
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();

        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private async Task Serve()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var context = await _listener.GetContextAsync();
                _ = Task.Run(() => Answer(context));
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task Answer(HttpListenerContext context)
    {
        try
        {
            var path = context.Request.Url!.AbsolutePath;
            Keys.Enqueue(context.Request.Headers["Authorization"]);
            using var reader = new StreamReader(context.Request.InputStream);
            var body = await reader.ReadToEndAsync();
            if (Refusal is { } refusal)
            {
                Write(context, refusal.Status, refusal.Body);
            }
            else if (path.EndsWith("/bias", StringComparison.Ordinal))
            {
                await Bias(context);
            }
            else if (path.EndsWith("/feedback", StringComparison.Ordinal))
            {
                Feedback.Enqueue((JsonSerializer.Deserialize(body, WireJson.Default.ChunkFeedback)!, body));
                if (Answers.TryDequeue(out var answer))
                {
                    Write(context, answer.Status, answer.Body);
                }
                else
                {
                    Write(context, _epoch is null ? 204 : 200, _epoch is { } epoch ? JsonSerializer.Serialize(epoch, WireJson.Default.SteeringEpoch) : "");
                }
            }
            else if (path.EndsWith("/applied", StringComparison.Ordinal))
            {
                Receipts.Enqueue(JsonSerializer.Deserialize(body, WireJson.Default.AppliedEpoch)!);
                Write(context, 204, "");
            }
            else
            {
                Write(context, 200, """{"replica":"b","reasons":{"extra_experts":1.5,"queue":0,"heat":0.25}}""");
            }
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException or InvalidOperationException)
        {
            // The client has gone, or the server has: nothing to answer any more.
        }
    }

    private async Task Bias(HttpListenerContext context)
    {
        var after = long.Parse(context.Request.QueryString["after"]!, System.Globalization.CultureInfo.InvariantCulture);
        for (var turn = 0; turn < 20 && context.Request.QueryString["wait"] != "0s" && (_epoch is null || _epoch.Epoch == after) && !_stopping.IsCancellationRequested; turn++)
        {
            await Task.Delay(10);
        }

        var epoch = _epoch is { } now && now.Epoch != after ? now : null;
        Write(context, epoch is null ? 204 : 200, epoch is null ? "" : JsonSerializer.Serialize(epoch, WireJson.Default.SteeringEpoch));
    }

    private void Write(HttpListenerContext context, int status, string body)
    {
        context.Response.StatusCode = status;
        context.Response.Headers["Date"] = _now().ToString("R", System.Globalization.CultureInfo.InvariantCulture);
        if (status != 204)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(body);
            context.Response.ContentType = "application/json";
            context.Response.ContentLength64 = bytes.Length;
            context.Response.OutputStream.Write(bytes);
        }

        context.Response.Close();
    }
}
