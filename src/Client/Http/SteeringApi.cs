using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EnergyTTT.Client.Steering;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Json;

namespace EnergyTTT.Client.Http;

/// <summary>An epoch and the server's clock when it answered.</summary>
/// <param name="Epoch">The epoch that holds.</param>
/// <param name="ServerNow">The server's clock: an epoch's lifetime is counted from it, so that a wrong clock here neither stretches nor cuts it.</param>
public readonly record struct EpochAnswer(SteeringEpoch Epoch, DateTimeOffset ServerNow);

/// <summary>
/// The calls of a deployment, one method each, for hosts that bring their own loop; <see cref="FleetSteering"/> is the loop for one replica. Thread-safe.
/// </summary>
/// <remarks>
/// Every method throws <see cref="SteeringRefusedException"/> when the server says no, <see cref="TimeoutException"/> when it takes too long and
/// <see cref="HttpRequestException"/> when it is away; none retries.
/// </remarks>
public sealed class SteeringApi : IDisposable
{
    private readonly HttpClient _http;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _callTimeout;
    private readonly string _base;

    /// <summary>Speaks for one deployment.</summary>
    /// <param name="server">The server's address.</param>
    /// <param name="key">An API key of role engine that covers the deployment.</param>
    /// <param name="deployment">The deployment's id.</param>
    /// <param name="callTimeout">How long a call may take, above 0; a long poll takes its wait on top.</param>
    /// <param name="clock">The clock that time-outs are counted on; the system's when null.</param>
    /// <param name="handler">Sends the requests; one of our own when null. Not disposed here.</param>
    public SteeringApi(Uri server, string key, string deployment, TimeSpan callTimeout, TimeProvider? clock = null, HttpMessageHandler? handler = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        ArgumentException.ThrowIfNullOrWhiteSpace(deployment);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(callTimeout, TimeSpan.Zero);
        (_clock, _callTimeout) = (clock ?? TimeProvider.System, callTimeout);
        _http = handler is not null
            ? new HttpClient(handler, disposeHandler: false)
            : new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = callTimeout });
        _http.Timeout = Timeout.InfiniteTimeSpan; // each call has its own, on the injected clock
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        _base = $"{server.ToString().TrimEnd('/')}/v1/deployments/{Uri.EscapeDataString(deployment)}";
    }

    internal SteeringApi(FleetSteeringOptions options)
        : this(options.Server, options.Key, options.Deployment, options.CallTimeout, options.Clock, options.Handler)
    {
    }

    /// <summary>Puts the deployment: its model, replicas and GPUs. The same again changes nothing.</summary>
    public async Task Describe(DeploymentDescription description, CancellationToken cancellationToken = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(description, WireJson.Default.DeploymentDescription);
        using var response = await Send(new HttpRequestMessage(HttpMethod.Put, _base) { Content = Json(body) }, _callTimeout, cancellationToken);
    }

    /// <summary>The next epoch after a number, or null when there is none within the wait.</summary>
    /// <param name="after">The number that is known; 0 for none.</param>
    /// <param name="wait">How long the server may hold the call.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<EpochAnswer?> Bias(long after, TimeSpan wait, CancellationToken cancellationToken = default) =>
        Epoch(
            new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{_base}/bias?after={after}&wait={wait.TotalSeconds:0.###}s")),
            wait + _callTimeout,
            cancellationToken);

    /// <summary>Posts a chunk; the answer is the epoch that holds now, if the server has one. The same chunk again is counted once.</summary>
    public Task<EpochAnswer?> Feedback(ChunkFeedback chunk, CancellationToken cancellationToken = default) =>
        Feedback(JsonSerializer.SerializeToUtf8Bytes(chunk, WireJson.Default.ChunkFeedback), cancellationToken);

    /// <summary>Posts a receipt.</summary>
    public Task Applied(AppliedEpoch receipt, CancellationToken cancellationToken = default) =>
        Applied(JsonSerializer.SerializeToUtf8Bytes(receipt, WireJson.Default.AppliedEpoch), cancellationToken);

    /// <summary>Asks where the next request should decode; null when the server has nothing to say.</summary>
    /// <param name="question">What is known of the request.</param>
    /// <param name="timeout">How long the answer is worth waiting for, above 0.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PlacementAnswer?> Place(PlacementQuestion question, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(question, WireJson.Default.PlacementQuestion);
        using var response = await Send(new HttpRequestMessage(HttpMethod.Post, _base + "/place") { Content = Json(body) }, timeout, cancellationToken);

        return await Read(response, WireJson.Default.PlacementAnswer, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>Posts a chunk, already written.</summary>
    internal Task<EpochAnswer?> Feedback(byte[] body, CancellationToken cancellationToken) =>
        Epoch(new HttpRequestMessage(HttpMethod.Post, _base + "/feedback") { Content = Json(body) }, _callTimeout, cancellationToken);

    /// <summary>Posts a receipt, already written.</summary>
    internal async Task Applied(byte[] body, CancellationToken cancellationToken)
    {
        using var response = await Send(new HttpRequestMessage(HttpMethod.Post, _base + "/applied") { Content = Json(body) }, _callTimeout, cancellationToken);
    }

    private static ByteArrayContent Json(byte[] body) => new(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private async Task<EpochAnswer?> Epoch(HttpRequestMessage request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var response = await Send(request, timeout, cancellationToken);
        var epoch = await Read(response, WireJson.Default.SteeringEpoch, cancellationToken);
        if (epoch is null)
        {
            return null;
        }

        // The header counts whole seconds; the second that may be missing is added, so that an epoch ends early rather than late.
        return new(epoch, response.Headers.Date is { } date ? date.AddSeconds(1) : _clock.GetUtcNow());
    }

    private static async Task<T?> Read<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        if (response.StatusCode == HttpStatusCode.NoContent)
        {
            return null;
        }

        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);

        return body.Length == 0 ? null : JsonSerializer.Deserialize(body, type);
    }

    private async Task<HttpResponseMessage> Send(HttpRequestMessage request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{request.Method} {request.RequestUri} took longer than {timeout}.");
        }
        finally
        {
            request.Dispose();
        }

        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw await Refusal(response, cancellationToken);
        }
    }

    private static async Task<SteeringRefusedException> Refusal(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        string code = "unknown", detail = response.ReasonPhrase ?? "";
        try
        {
            using var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            code = Text(problem, "code") ?? code;
            detail = Text(problem, "detail") ?? Text(problem, "title") ?? detail;
        }
        catch (JsonException)
        {
            // A proxy's page and no problem document: the status says enough.
        }

        return new SteeringRefusedException(response.StatusCode, code, detail) { RetryAfter = response.Headers.RetryAfter?.Delta };

        static string? Text(JsonDocument document, string name) =>
            document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
    }
}
