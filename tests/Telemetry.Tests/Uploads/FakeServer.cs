using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Tests.Uploads;

/// <summary>
/// A telemetry server on a free loopback port: it stores frames by (GPU, boot, sequence) as the real one does, and fails as it is told. It can go away and
/// come back on the same port.
/// </summary>
internal sealed class FakeServer : IDisposable
{
    private readonly ConcurrentDictionary<(string, string, long), int> _stored = new();
    private readonly ConcurrentQueue<TelemetryBatch> _batches = new();
    private HttpListener _listener = new();

    public FakeServer()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/");
        probe.Stop();
        Start();
    }

    public Uri Address { get; }

    /// <summary>Decides about a request before it is stored; null stores it. By default everything is stored.</summary>
    public Func<HttpListenerRequest, TelemetryBatch?, Reply?> Decide { get; set; } = (_, _) => null;

    /// <summary>What is answered to a question for a host's power cap; null answers 404.</summary>
    public PowerCapOrder? PowerCap { get; set; }

    /// <summary>Requests so far.</summary>
    public int Requests { get; private set; }

    /// <summary>What was stored, in the order of its first arrival.</summary>
    public IReadOnlyList<TelemetryBatch> Batches => [.. _batches];

    /// <summary>How often frames came that were stored already.</summary>
    public int Repeats => _stored.Values.Sum(times => times - 1);

    public int Stored => _stored.Count;

    /// <summary>The sequences of one GPU and boot in the order of their arrival, repeats left out.</summary>
    public IReadOnlyList<long> Sequences(string gpu) =>
        [.. _batches.SelectMany(batch => batch.Frames.Where(frame => frame.Gpu.Value == gpu).Select(frame => (batch.Boot, frame.Sequence))).Distinct().Select(key => key.Sequence)];

    public void Start()
    {
        _listener = new HttpListener();
        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _ = Task.Run(() => Serve(_listener));
    }

    public void Stop() => _listener.Close();

    public void Dispose() => Stop();

    private async Task Serve(HttpListener listener)
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception fault) when (fault is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            try
            {
                await Answer(context);
            }
            catch (Exception fault) when (fault is HttpListenerException or ObjectDisposedException or IOException or InvalidOperationException)
            {
                // The client or the server went away in the middle.
            }
        }
    }

    private async Task Answer(HttpListenerContext context)
    {
        if (context.Request.HttpMethod == "GET")
        {
            await Send(context, PowerCap is { } order ? new Reply(200, JsonSerializer.Serialize(order, WireJson.Default.PowerCapOrder)) : new Reply(404));
            return;
        }

        Requests++;
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        TelemetryBatch? batch = null;
        try
        {
            batch = JsonSerializer.Deserialize(body.ToArray(), WireJson.Default.TelemetryBatch);
        }
        catch (JsonException)
        {
            await Send(context, new Reply(400, "not JSON"));
            return;
        }

        var decision = Decide(context.Request, batch);
        if (decision is { LoseAnswer: false })
        {
            await Send(context, decision);
            return;
        }

        _batches.Enqueue(batch!);
        var fresh = batch!.Frames.Count(frame => _stored.AddOrUpdate((frame.Gpu.Value, batch.Boot, frame.Sequence), 1, (_, times) => times + 1) == 1);
        if (decision is { LoseAnswer: true })
        {
            context.Response.Abort();
            return;
        }

        await Send(context, new Reply(200, JsonSerializer.Serialize(new TelemetryReceipt(fresh, batch.Frames.Count - fresh, []), WireJson.Default.TelemetryReceipt)));
    }

    private static async Task Send(HttpListenerContext context, Reply reply)
    {
        context.Response.StatusCode = reply.Status;
        if (reply.RetryAfter is { } seconds)
        {
            context.Response.Headers["Retry-After"] = seconds;
        }

        var bytes = System.Text.Encoding.UTF8.GetBytes(reply.Body);
        context.Response.ContentLength64 = bytes.Length;
        await context.Response.OutputStream.WriteAsync(bytes);
        context.Response.Close();
    }

    /// <summary>An answer other than storing, or storing and then losing the answer.</summary>
    internal sealed record Reply(int Status, string Body = "", string? RetryAfter = null, bool LoseAnswer = false);
}
