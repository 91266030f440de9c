using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace EnergyTTT.Cli.Steering;

/// <summary>
/// What a paced phase gave. Times in seconds, from when a call was sent to when its answer was there; calls are sent whatever becomes of those before, so a server that falls behind cannot hide it.
/// <c>LateP99</c>: how late the generator itself was, whose timer comes in steps of a millisecond.
/// </summary>
internal sealed record PacedResult(double PerSecond, double P50, double P99, double Greatest, double LateP99, long Answered, long Failed, string? FirstFailure);

/// <summary>Sends calls at a fixed rate, whatever becomes of those before.</summary>
internal sealed class SteeringClient : IDisposable
{
    private const int Connections = 128;
    private readonly HttpClient _http;
    private readonly TimeProvider _time = TimeProvider.System;
    private long _chunk;
    private long _acknowledged;

    public SteeringClient(Uri server, string key)
    {
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections }) { BaseAddress = server };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    /// <summary>Chunks that were answered with 200.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    public async Task Prepare(SteeringLoad load, CancellationToken cancellationToken)
    {
        for (var deployment = 0; deployment < load.Deployments; deployment++)
        {
            using var content = new StringContent(load.Description, Encoding.UTF8, "application/json");
            using var response = await _http.PutAsync(new Uri($"/v1/deployments/{SteeringLoad.Name(deployment)}", UriKind.Relative), content, cancellationToken);
            response.EnsureSuccessStatusCode();
        }

        // Steered and held out in turn, so that answers carry whole epochs.
        using var policy = new HttpRequestMessage(HttpMethod.Put, new Uri("/v1/policies/fleet", UriKind.Relative))
        {
            Content = new StringContent("""{"document":{"mode":"enforce","promotion":"immediate"},"reason":"bench steering"}""", Encoding.UTF8, "application/json"),
        };
        policy.Headers.TryAddWithoutValidation("If-Match", "\"0\"");
        using var saved = await _http.SendAsync(policy, cancellationToken);
        saved.EnsureSuccessStatusCode();
    }

    public Task<PacedResult> Feedback(SteeringLoad load, int rate, TimeSpan duration, CancellationToken cancellationToken) => Paced(
        rate,
        duration,
        async number =>
        {
            var failure = await Post($"/v1/deployments/{SteeringLoad.Name((int)(number % load.Deployments))}/feedback", load.Feedback(Interlocked.Increment(ref _chunk)), cancellationToken);
            if (failure is null)
            {
                Interlocked.Increment(ref _acknowledged);
            }

            return failure;
        },
        cancellationToken);

    public Task<PacedResult> Place(SteeringLoad load, int rate, TimeSpan duration, CancellationToken cancellationToken)
    {
        var question = Encoding.UTF8.GetBytes(load.Question);
        return Paced(rate, duration, number => Post($"/v1/deployments/{SteeringLoad.Name((int)(number % load.Deployments))}/place", question, cancellationToken), cancellationToken);
    }

    /// <summary>Milliseconds of the first router's last and longest look at its feedback.</summary>
    public async Task<(double? Last, double? Longest)> Look(CancellationToken cancellationToken)
    {
        var router = JsonNode.Parse(await _http.GetStringAsync(new Uri($"/v1/routers/{SteeringLoad.Name(0)}/0", UriKind.Relative), cancellationToken));
        return ((double?)router?["last_update_ms"], (double?)router?["longest_update_ms"]);
    }

    public void Dispose() => _http.Dispose();

    private async Task<string?> Post(string path, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var response = await _http.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken);
            return response.IsSuccessStatusCode ? null : $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}";
        }
        catch (HttpRequestException exception)
        {
            return exception.Message;
        }
    }

    private async Task<PacedResult> Paced(int rate, TimeSpan duration, Func<long, Task<string?>> call, CancellationToken cancellationToken)
    {
        var total = (long)(rate * duration.TotalSeconds);
        var latencies = new double[total];
        var late = new double[total];
        long failed = 0;
        string? first = null;
        var started = _time.GetTimestamp();
        var running = new List<Task>((int)total);
        for (var number = 0L; number < total;)
        {
            var due = _time.GetElapsedTime(started).TotalSeconds * rate;
            for (; number < total && number <= due; number++)
            {
                running.Add(One(number));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), _time, cancellationToken);
        }

        await Task.WhenAll(running);
        var seconds = _time.GetElapsedTime(started).TotalSeconds;
        Array.Sort(latencies);
        Array.Sort(late);
        return new PacedResult(total / seconds, latencies[total / 2], latencies[Math.Min(total - 1, total * 99 / 100)], latencies[^1], late[Math.Min(total - 1, total * 99 / 100)], total - failed, failed, first);

        async Task One(long number)
        {
            var sent = _time.GetElapsedTime(started).TotalSeconds;
            late[number] = sent - ((double)number / rate);
            var failure = await call(number);
            latencies[number] = _time.GetElapsedTime(started).TotalSeconds - sent;
            if (failure is not null)
            {
                Interlocked.Increment(ref failed);
                first ??= failure;
            }
        }
    }
}
