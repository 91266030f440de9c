using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EnergyTTT.Wire.Alerts;
using EnergyTTT.Wire.Json;
using Microsoft.Extensions.Options;

namespace EnergyTTT.Grains.Alerts.Deliveries;

/// <summary>How a try went.</summary>
/// <param name="Error">Null: the other side took it.</param>
/// <param name="IsFinal">Trying again does not help.</param>
/// <param name="RetryAfter">When the other side wants to be asked again; null: it did not say.</param>
internal readonly record struct DeliveryOutcome(string? Error = null, bool IsFinal = false, TimeSpan? RetryAfter = null);

/// <summary>
/// Posts messages: JSON, signed. <c>EnergyTTT-Signature: v1=HEX</c> is the HMAC-SHA-256 of <c>EnergyTTT-Timestamp</c>, a full stop and the body; <c>Idempotency-Key</c> is the same in every try.
/// Redirects are not followed and no proxy is asked.
/// </summary>
internal sealed class WebhookSender : IDisposable
{
    private readonly AddressGuard _guard;
    private readonly TimeProvider _clock;
    private readonly HttpClient _client;

    public WebhookSender(IOptions<WebhookOptions> options, TimeProvider clock)
    {
        (_guard, _clock) = (new AddressGuard(options.Value.Allow), clock);
        _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectCallback = _guard.Connect, PooledConnectionLifetime = TimeSpan.FromMinutes(1), MaxResponseHeadersLength = 16,
        })
        { Timeout = options.Value.Timeout };
        _client.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue("EnergyTTT", "1"));
    }

    /// <summary>One try.</summary>
    public async Task<DeliveryOutcome> Send(ContactPoint contact, string? secret, AlertMessage message, CancellationToken cancellationToken)
    {
        if (!Uri.TryCreate(contact.Url, UriKind.Absolute, out var address))
        {
            return new("the contact point has no address", IsFinal: true);
        }

        if (secret is null)
        {
            return new("the contact point's secret cannot be opened on this server (another data folder?); put it again", IsFinal: true);
        }

        if (address.Scheme != Uri.UriSchemeHttps && !_guard.IsNamed(address.Host))
        {
            return new($"plain http to {address.Host} is not allowed; use https, or name the host in Alerts:Webhooks:Allow", IsFinal: true);
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.AlertMessage);
        var timestamp = _clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Idempotency-Key", message.Id.ToString());
        request.Headers.Add("EnergyTTT-Timestamp", timestamp);
        request.Headers.Add("EnergyTTT-Signature", "v1=" + ContactSecret.Sign(secret, timestamp, body));
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return response.IsSuccessStatusCode ? default : Refused(response);
        }
        catch (HttpRequestException error)
        {
            return new(error.InnerException is BlockedAddressException blocked ? blocked.Message : $"{address.Host} could not be reached: {error.Message}", error.InnerException is BlockedAddressException);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new($"{address.Host} did not answer within {_client.Timeout.TotalSeconds:0} s");
        }
    }

    public void Dispose() => _client.Dispose();

    private DeliveryOutcome Refused(HttpResponseMessage response)
    {
        var isPassing = (int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests;
        var after = response.Headers.RetryAfter is { } retry ? retry.Delta ?? (retry.Date - _clock.GetUtcNow()) : null;
        return new(string.Create(CultureInfo.InvariantCulture, $"answered {(int)response.StatusCode} {response.ReasonPhrase}"), !isPassing, after);
    }
}
