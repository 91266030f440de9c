using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EnergyTTT.Telemetry.Logs;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Policies;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Telemetry.PowerCaps;

/// <summary>
/// Follows the server's orders for the power of this host's GPUs: advises always, and asks the helper to enforce only where both the order and this agent's configuration
/// say so. An order that is not renewed ends. What became of each cap goes out with the telemetry.
/// </summary>
internal sealed class CapFollower(CapFollowerOptions options, HttpClient client, TimeProvider time, ITelemetryLog log) : IDisposable
{
    private readonly CapLine? _line = options.HelperSocket is { } socket ? new CapLine(socket) : null;
    private readonly Lock _gate = new();
    private readonly Dictionary<GpuId, GpuDescription> _known = [];
    private readonly HashSet<string> _held = new(StringComparer.Ordinal);
    private Dictionary<GpuId, PowerCapState> _states = [];
    private PowerCapOrder? _order;
    private long _orderedAt;
    private long _toldAt;
    private bool _changed;
    private string _fault = "";

    /// <inheritdoc/>
    public void Dispose() => _line?.Dispose();

    /// <summary>Notes what is known of the GPUs, and adds what became of their caps when that changed or was not told for a minute.</summary>
    public TelemetryBatch Annotate(TelemetryBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        lock (_gate)
        {
            foreach (var description in batch.Gpus ?? [])
            {
                _known[description.Gpu] = description;
            }

            var due = _changed || batch.Gpus is not null || (_states.Count > 0 && time.GetElapsedTime(_toldAt) > TimeSpan.FromMinutes(1));
            if (!due)
            {
                return batch;
            }

            (_changed, _toldAt) = (false, time.GetTimestamp());
            return batch with { Gpus = [.. _known.Values.Select(description => description with { PowerCap = _states.GetValueOrDefault(description.Gpu) })] };
        }
    }

    /// <summary>Follows until told to stop, then has every cap given back.</summary>
    public async Task Run(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        try
        {
            do
            {
                await Ask(cancellationToken);
                await Carry(cancellationToken);
            }
            while (await timer.WaitForNextTickAsync(cancellationToken));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Told to stop.
        }

        await ReleaseAll();
    }

    private async Task Ask(CancellationToken cancellationToken)
    {
        var fault = "";
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(options.Server, $"v1/hosts/{Uri.EscapeDataString(options.Host)}/power-cap"));
            request.Headers.Authorization = options.Key() is { } key ? new AuthenticationHeaderValue("Bearer", key) : null;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(options.Interval);
            using var response = await client.SendAsync(request, patience.Token);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                _order = JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(patience.Token), WireJson.Default.PowerCapOrder);
                _orderedAt = time.GetTimestamp();
            }
            else
            {
                fault = $"the server answered {(int)response.StatusCode} when asked for the power cap of {options.Host}";
            }
        }
        catch (Exception error) when (error is HttpRequestException or JsonException or IOException || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            fault = "the server could not be asked for the power cap: " + error.Message;
        }

        if (fault.Length > 0 && _fault.Length == 0)
        {
            log.Write(LogLevel.Warning, fault + "; the order of the moment ends when its time is over");
        }

        _fault = fault;
        if (_order is { } order && time.GetElapsedTime(_orderedAt) > TimeSpan.FromSeconds(order.ValidSeconds))
        {
            log.Write(LogLevel.Warning, $"the power cap of policy version {order.PolicyVersion} was not renewed and has ended");
            _order = null;
        }
    }

    private async Task Carry(CancellationToken cancellationToken)
    {
        List<GpuDescription> known;
        lock (_gate)
        {
            known = [.. _known.Values];
        }

        var states = new Dictionary<GpuId, PowerCapState>();
        foreach (var gpu in known)
        {
            if (_order is not { Ratio: > 0 and < 1 } order)
            {
                await Release(gpu.Gpu.Value, cancellationToken);
                continue;
            }

            if (gpu.PowerLimitMaxWatts is not { } most)
            {
                // A share of what is not known is no number of watts: said, rather than left out.
                await Release(gpu.Gpu.Value, cancellationToken);
                states[gpu.Gpu] = new(PowerCapState.Refused, null, "the card does not say its greatest power limit, which the cap is a share of", order.PolicyVersion);
                continue;
            }

            states[gpu.Gpu] = await Carry(gpu.Gpu.Value, Math.Round(order.Ratio * most), order, cancellationToken);
        }

        lock (_gate)
        {
            foreach (var gpu in states.Keys.Union(_states.Keys).Where(gpu => states.GetValueOrDefault(gpu) != _states.GetValueOrDefault(gpu)).ToList())
            {
                _changed = true;
                log.Write(LogLevel.Information, states.GetValueOrDefault(gpu) is { } state
                    ? FormattableString.Invariant($"{gpu}: a power cap{(state.Watts is { } watts ? FormattableString.Invariant($" of {watts:0.#} W") : "")} is {state.State}{(state.Reason is { } reason ? ": " + reason : "")} (policy version {state.PolicyVersion})")
                    : $"{gpu}: no power cap any more");
            }

            _states = states;
        }
    }

    private async Task<PowerCapState> Carry(string gpu, double watts, PowerCapOrder order, CancellationToken cancellationToken)
    {
        if (order.Mode != PowerCapMode.Enforce)
        {
            await Release(gpu, cancellationToken);
            return new(PowerCapState.Advised, watts, null, order.PolicyVersion);
        }

        if (_line is null)
        {
            return new(PowerCapState.Advised, watts, "policy says enforce; this agent runs with --power-caps advise", order.PolicyVersion);
        }

        var answer = await _line.Ask(new CapRequest("hold", gpu, watts), cancellationToken);
        if (answer.State == PowerCapState.Enforced)
        {
            _held.Add(gpu);
            return new(PowerCapState.Enforced, watts, null, order.PolicyVersion);
        }

        return new(PowerCapState.Refused, watts, answer.Reason, order.PolicyVersion);
    }

    private async Task Release(string gpu, CancellationToken cancellationToken)
    {
        if (_held.Contains(gpu) && (await _line!.Ask(new CapRequest("release", gpu), cancellationToken)).State == "released") // only a line holds
        {
            _held.Remove(gpu);
        }
    }

    private async Task ReleaseAll()
    {
        // The helper's watchdog does it too, some seconds later.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5), time);
        try
        {
            foreach (var gpu in _held.ToList())
            {
                await Release(gpu, patience.Token);
            }
        }
        catch (OperationCanceledException)
        {
            log.Write(LogLevel.Warning, "the helper for power caps did not answer; its watchdog gives back what is held");
        }
    }
}

/// <summary>How an agent follows power caps.</summary>
internal sealed record CapFollowerOptions
{
    /// <summary>The server.</summary>
    public required Uri Server { get; init; }

    /// <summary>The host whose order is followed.</summary>
    public required string Host { get; init; }

    /// <summary>The key of the moment.</summary>
    public required Func<string?> Key { get; init; }

    /// <summary>The helper's socket; null advises only.</summary>
    public string? HelperSocket { get; init; }

    /// <summary>How often the server is asked and leases are renewed.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(2);
}
