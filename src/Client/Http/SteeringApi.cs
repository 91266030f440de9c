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
internal readonly record struct EpochAnswer(SteeringEpoch Epoch, DateTimeOffset ServerNow);

/// <summary>The calls of one replica, one method each.</summary>
internal sealed class SteeringApi : IDisposable
{
    private readonly HttpClient _http;
    private readonly FleetSteeringOptions _options;
    private readonly string _base;

    public SteeringApi(FleetSteeringOptions options)
    {
        _options = options;
        _http = options.Handler is { } handler
            ? new HttpClient(handler, disposeHandler: false)
            : new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = options.CallTimeout });
        _http.Timeout = Timeout.InfiniteTimeSpan; // each call has its own, on the injected clock
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.Key);
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        _base = $"{options.Server.ToString().TrimEnd('/')}/v1/deployments/{Uri.EscapeDataString(options.Deployment)}";
    }

    /// <summary>The next epoch after a number, or null when there is none within the wait.</summary>
    public Task<EpochAnswer?> Bias(long after, TimeSpan wait, CancellationToken cancellationToken) =>
        Epoch(
            new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"{_base}/bias?after={after}&wait={wait.TotalSeconds:0.###}s")),
            wait + _options.CallTimeout,
            cancellationToken);

    /// <summary>Posts a chunk, already written; the answer is the epoch that holds now, if the server has one.</summary>
    public Task<EpochAnswer?> Feedback(byte[] body, CancellationToken cancellationToken) =>
        Epoch(new HttpRequestMessage(HttpMethod.Post, _base + "/feedback") { Content = Json(body) }, _options.CallTimeout, cancellationToken);

    /// <summary>Posts a receipt, already written.</summary>
    public async Task Applied(byte[] body, CancellationToken cancellationToken)
    {
        using var response = await Send(new HttpRequestMessage(HttpMethod.Post, _base + "/applied") { Content = Json(body) }, _options.CallTimeout, cancellationToken);
    }

    /// <summary>Asks where the next request should decode.</summary>
    public async Task<PlacementAnswer?> Place(PlacementQuestion question, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(question, WireJson.Default.PlacementQuestion);
        using var response = await Send(new HttpRequestMessage(HttpMethod.Post, _base + "/place") { Content = Json(body) }, _options.PlacementTimeout, cancellationToken);

        return await Read(response, WireJson.Default.PlacementAnswer, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

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
        return new(epoch, response.Headers.Date is { } date ? date.AddSeconds(1) : _options.Clock.GetUtcNow());
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
        using var late = new CancellationTokenSource(timeout, _options.Clock);
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
