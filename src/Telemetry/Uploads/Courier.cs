using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.Uploads;

/// <summary>What became of one request.</summary>
internal enum Outcome
{
    /// <summary>The server has it, or has refused single items of it for good.</summary>
    Delivered,

    /// <summary>Not now: send the same again.</summary>
    Again,

    /// <summary>Too large or not readable as a whole: try in smaller pieces.</summary>
    Split,
}

/// <summary>Carries one message to the server and reads its answer.</summary>
internal sealed class Courier(UploadOptions options, HttpClient client, UploadStatistics statistics, TimeProvider time, ITelemetryLog log)
{
    private readonly Uri _target = new(options.Server, "/v1/telemetry");

    /// <summary>Sends records of one sender.</summary>
    /// <returns>The outcome, with the pause that the server asked for, if it did, and the reason for a person.</returns>
    public async Task<(Outcome Outcome, TimeSpan? Pause, string? Reason)> Send(IReadOnlyList<UploadRecord> records, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _target) { Content = new ReadOnlyMemoryContent(UploadRecord.Body(records, time.GetUtcNow())) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (options.Key() is { Length: > 0 } key)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.RequestTimeout);
        try
        {
            using var response = await client.SendAsync(request, limit.Token).ConfigureAwait(false);
            var answer = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
            return Judge(response, answer, records.Sum(record => record.FrameCount));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return (Outcome.Again, null, fault is OperationCanceledException ? $"no answer within {options.RequestTimeout.TotalSeconds:0} s" : fault.Message);
        }
    }

    private (Outcome, TimeSpan?, string?) Judge(HttpResponseMessage response, byte[] answer, int frames)
    {
        switch (response.StatusCode)
        {
            case HttpStatusCode.OK when Receipt(answer) is { } receipt:
                Account(receipt);
                return (Outcome.Delivered, null, null);
            case HttpStatusCode.UnprocessableEntity:
                if (Receipt(answer) is { } refusals)
                {
                    Account(refusals);
                }
                else
                {
                    statistics.Stored(0, 0, frames);
                    log.Write(LogLevel.Error, $"the server refused {frames} frames for good: {Text(answer)}");
                }

                return (Outcome.Delivered, null, null);
            case HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnsupportedMediaType:
                return (Outcome.Split, null, $"{(int)response.StatusCode} {Text(answer)}");
            case HttpStatusCode.Unauthorized:
                return (Outcome.Again, options.LongestRetry, "401: the key is not valid (any more); frames are kept until it is");
            case HttpStatusCode.Forbidden:
                return (Outcome.Again, options.LongestRetry, $"403: the key may not send for this host; frames are kept until it may. {Text(answer)}");
            default:
                return (Outcome.Again, RetryAfter(response), $"{(int)response.StatusCode} {Text(answer)}");
        }
    }

    private void Account(TelemetryReceipt receipt)
    {
        // A remark about a value that was taken for a sentinel is no refusal: its frame is stored.
        var rejected = receipt.Rejected.Where(item => item.Code != "sentinel").ToList();
        statistics.Stored(receipt.Accepted, receipt.Duplicates, rejected.DistinctBy(item => item.Index).Count());
        foreach (var item in rejected.Take(5))
        {
            log.Write(LogLevel.Error, $"the server refused frame {item.Index} for good: {item.Field} {item.Code}: {item.Reason}");
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow() is var wait && wait > TimeSpan.Zero ? wait : TimeSpan.Zero,
        _ => null,
    };

    private static TelemetryReceipt? Receipt(byte[] answer)
    {
        try
        {
            return JsonSerializer.Deserialize(answer, WireJson.Default.TelemetryReceipt);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Text(byte[] answer) => Encoding.UTF8.GetString(answer.AsSpan(0, Math.Min(answer.Length, 300))).ReplaceLineEndings(" ");
}
