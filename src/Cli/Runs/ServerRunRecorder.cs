using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Runs;

namespace EnergyTTT.Cli.Runs;

/// <summary>
/// Records a run live on a server. A call returns once the server has committed; one that the network swallowed is repeated, which changes nothing twice. Between calls a heart beats every
/// <see cref="Beat"/>, so that a long trial is not taken for a recorder that died.
/// </summary>
/// <param name="client">Of the server, with a key that may record (agent, engine, operator or administrator). Not owned.</param>
/// <param name="time">Paces the heart and the repetitions.</param>
internal sealed class ServerRunRecorder(HttpClient client, TimeProvider time) : IRunRecorder, IAsyncDisposable
{
    /// <summary>How often the recorder says that it is alive.</summary>
    public static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    private const int Tries = 6;
    private readonly CancellationTokenSource _end = new();
    private Task _heart = Task.CompletedTask;

    /// <inheritdoc/>
    public async Task Start(RunBundle bundle, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        await Send("/v1/runs", bundle, WireJson.Default.RunBundle, cancellationToken);
        _heart = Beats(bundle.Run.Id, _end.Token);
    }

    /// <inheritdoc/>
    public Task Record(Guid run, RunTrial trial, CancellationToken cancellationToken) => Send($"/v1/runs/{run:D}/trials", trial, WireJson.Default.RunTrial, cancellationToken);

    /// <inheritdoc/>
    public async Task Finish(RunBundle bundle, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(bundle);
        await Send($"/v1/runs/{bundle.Run.Id:D}/finish", bundle, WireJson.Default.RunBundle, cancellationToken);
        await _end.CancelAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _heart;
        _end.Dispose();
    }

    private async Task Beats(Guid run, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await Task.Delay(Beat, time, cancellationToken);
                try
                {
                    using var response = await client.PostAsync(new Uri($"/v1/runs/{run:D}/heartbeat", UriKind.Relative), null, cancellationToken);
                }
                catch (HttpRequestException)
                {
                    // The next beat, or the next trial, tells the server.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run has ended.
        }
    }

    private async Task Send<T>(string path, T message, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(message, type);
        for (var tried = 1; ; tried++)
        {
            try
            {
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var response = await client.PostAsync(new Uri(path, UriKind.Relative), content, cancellationToken);
                if (response.IsSuccessStatusCode)
                {
                    return;
                }

                if (response.StatusCode is not (HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError) || tried == Tries)
                {
                    throw new HttpRequestException($"{client.BaseAddress} answered {(int)response.StatusCode} to {path}: {await response.Content.ReadAsStringAsync(cancellationToken)}", null, response.StatusCode);
                }
            }
            catch (HttpRequestException lost) when (lost.StatusCode is null && tried < Tries)
            {
                // Never answered: the same again.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(250 * (1 << tried)), time, cancellationToken);
        }
    }
}
