using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EnergyTTT.Client.Epochs;
using EnergyTTT.Client.Http;
using EnergyTTT.Simulation.Fleets;
using EnergyTTT.Simulation.Placements;
using EnergyTTT.Simulation.Steering;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Json;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Simulation.Servers;

/// <summary>
/// A <see cref="SimulatedFleet"/> that takes part in a server as real hosts and engines would: deployments are put, telemetry and feedback posted, epochs taken by long poll and with
/// answers, receipts sent, and every request is placed by the server. When the server is away the fleet goes on by itself, unsteered and round robin, and comes back by itself.
/// </summary>
public sealed class ServedFleet : IAsyncDisposable, IEpochSource, IRequestPlacement
{
    private const int OutboxLimit = 2048;
    private const int DescribeEvery = 60;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private readonly ServedFleetOptions _options;
    private readonly SimulatedFleet _fleet;
    private readonly RoundRobinPlacement _own = new();
    private readonly HttpMessageHandler _handler;
    private readonly HttpClient _agent;
    private readonly ServedFleetCounters _counters = new();
    private readonly Dictionary<string, ServedDeployment> _deployments;
    private readonly FleetOutbox _outbox;
    private bool _takesPart;

    /// <summary>Builds the fleet; nothing is sent yet.</summary>
    /// <exception cref="ArgumentException">The options are wrong; the message lists everything.</exception>
    public ServedFleet(ServedFleetOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        var start = options.Clock.GetUtcNow();
        _fleet = new SimulatedFleet(options.Fleet with { Start = start, Boot = $"simulated-{start.ToUnixTimeMilliseconds()}" }, this, this);
        _handler = options.Handler ?? new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5), ConnectTimeout = TimeSpan.FromSeconds(5) };
        _agent = Client(options.AgentKey);
        _deployments = _fleet.Deployments.Keys.ToDictionary(name => name, name => new ServedDeployment(name, options, _handler, _counters), StringComparer.Ordinal);
        _outbox = new FleetOutbox(OutboxLimit, _counters, options.Clock);
    }

    /// <summary>The names of its hosts, for the scope of a key.</summary>
    public IEnumerable<string> HostNames => _fleet.Hosts.Select(host => host.Name);

    /// <summary>The names of its deployments, for the scope of a key.</summary>
    public IEnumerable<string> DeploymentNames => _deployments.Keys;

    /// <summary>How it is doing.</summary>
    public ServedFleetStatus Status => new(
        Interlocked.Read(ref _counters.Seconds), Interlocked.Read(ref _counters.Batches), Interlocked.Read(ref _counters.Chunks), Interlocked.Read(ref _counters.Receipts),
        Interlocked.Read(ref _counters.Placed), Interlocked.Read(ref _counters.Fallbacks), Interlocked.Read(ref _counters.Dropped), Interlocked.Read(ref _counters.Refused),
        _deployments.ToDictionary(pair => pair.Key, pair => pair.Value.Current.Number), _counters.LastProblem);

    /// <summary>Puts the deployments and takes part until it is told to stop.</summary>
    /// <exception cref="SteeringRefusedException">The server refuses the keys or a deployment.</exception>
    /// <exception cref="HttpRequestException">The server is away at the start.</exception>
    public async Task Run(CancellationToken cancellationToken)
    {
        foreach (var (name, description) in _fleet.Deployments)
        {
            var tags = new Dictionary<string, string>(description.Tags ?? new Dictionary<string, string>()) { ["clock_speed"] = $"{_options.ClockSpeed}" };
            await _deployments[name].Describe(description with { Tags = tags }, cancellationToken);
        }

        await Task.Run(() => WarmUp(cancellationToken), CancellationToken.None);
        // Only now: the stages of steering begin with the fleet's first feedback, and the time before them is seen too.
        if (_options.OperatorKey is { } key)
        {
            using var operators = Client(key);
            await DemoPolicy.Put(operators, _options.Server, _deployments.Keys, _options.HoldOutShare, cancellationToken);
        }

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var behind = Task.WhenAll([_outbox.Run(stopping.Token), .. _deployments.Values.Select(deployment => Task.Run(() => deployment.Listen(stopping.Token), CancellationToken.None))]);
        try
        {
            await Task.Run(() => Live(cancellationToken), CancellationToken.None);
        }
        finally
        {
            await stopping.CancelAsync();
            await behind;
        }
    }

    /// <inheritdoc/>
    EpochInForce IEpochSource.Current(string deployment) => _takesPart ? _deployments[deployment].Current : FixedSteering.Baseline.Current(deployment);

    /// <inheritdoc/>
    ValueTask<string?> IRequestPlacement.PlaceAsync(string deployment, PlacementQuestion question, IReadOnlyList<ReplicaLoad> replicas, CancellationToken cancellationToken) =>
        _takesPart ? _deployments[deployment].Place(question, cancellationToken) : _own.PlaceAsync(deployment, question, replicas, cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _agent.Dispose();
        foreach (var deployment in _deployments.Values)
        {
            deployment.Dispose();
        }

        if (_options.Handler is null)
        {
            _handler.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    private async Task Live(CancellationToken cancellationToken)
    {
        _takesPart = true;
        var started = _options.Clock.GetTimestamp();
        for (long second = 1; ; second++)
        {
            var telemetry = await Pass(cancellationToken);
            var now = _options.Clock.GetUtcNow();
            for (var host = 0; host < telemetry.Count; host++)
            {
                Send(telemetry[host] with { Gpus = second % DescribeEvery == 1 ? SimulatedFleet.Describe(_fleet.Hosts[host]) : null, Sent = now, Frames = [.. telemetry[host].Frames.Select(frame => frame with { Time = now })] });
            }

            var ahead = (second * Second) - _options.Clock.GetElapsedTime(started);
            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead, _options.Clock, cancellationToken);
            }
            else if (ahead < -5 * Second)
            {
                // A starved machine: what was not simulated is not made up for.
                (started, second) = (_options.Clock.GetTimestamp(), 0);
            }
        }
    }

    /// <summary>One real second: everything is reported but the telemetry of all but the last simulated second.</summary>
    private async Task<IReadOnlyList<TelemetryBatch>> Pass(CancellationToken cancellationToken)
    {
        IReadOnlyList<TelemetryBatch> telemetry = [];
        for (var turn = 0; turn < _options.ClockSpeed; turn++)
        {
            var step = await _fleet.StepAsync(Second, cancellationToken);
            telemetry = step.Telemetry;
            foreach (var (deployment, chunk) in step.Feedback)
            {
                _outbox.Say(token => _deployments[deployment].Report(chunk, token));
            }

            Interlocked.Increment(ref _counters.Seconds);
        }

        foreach (var engine in _fleet.Hosts.SelectMany(host => host.Engines))
        {
            if (_deployments[engine.Deployment].Receipt(engine.Id, engine.Epoch) is { } receipt)
            {
                _outbox.Say(receipt);
            }
        }

        return telemetry;
    }

    /// <summary>The past of a fleet that nobody steered; what it did then is nobody's feedback.</summary>
    private async Task WarmUp(CancellationToken cancellationToken)
    {
        await _fleet.WarmUpAsync(cancellationToken);
        var seconds = (int)_options.WarmUp.TotalSeconds;
        var past = _fleet.Hosts.Select(_ => new List<Frame>()).ToArray();
        TelemetryBatch[] last = [];
        for (var second = 0; second < seconds; second++)
        {
            var step = await _fleet.StepAsync(Second, cancellationToken);
            last = [.. step.Telemetry];
            for (var host = 0; host < last.Length && seconds - second <= _options.Backfill.TotalSeconds; host++)
            {
                past[host].AddRange(last[host].Frames);
            }
        }

        var now = _options.Clock.GetUtcNow();
        var drift = now - _fleet.Now;
        for (var host = 0; host < last.Length; host++)
        {
            if (past[host].Count > 0)
            {
                Send(last[host] with { Gpus = SimulatedFleet.Describe(_fleet.Hosts[host]), Sent = now, Frames = [.. past[host].Select(frame => frame with { Time = frame.Time + drift })] });
            }
        }
    }

    private void Send(TelemetryBatch batch)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(batch, WireJson.Default.TelemetryBatch);
        _outbox.Say(async cancellationToken =>
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var response = await _agent.PostAsync(new Uri(_options.Server, "/v1/telemetry"), content, cancellationToken);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                throw new SteeringRefusedException(response.StatusCode, "telemetry", await response.Content.ReadAsStringAsync(cancellationToken)) { RetryAfter = response.Headers.RetryAfter?.Delta };
            }

            Interlocked.Increment(ref _counters.Batches);
        });
    }

    private HttpClient Client(string key) => new(_handler, disposeHandler: false)
    {
        Timeout = TimeSpan.FromSeconds(30),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) },
    };
}
