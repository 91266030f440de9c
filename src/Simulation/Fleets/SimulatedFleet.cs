using EnergyTTT.Simulation.Costs;
using EnergyTTT.Simulation.Engines;
using EnergyTTT.Simulation.Gates;
using EnergyTTT.Simulation.Gpus;
using EnergyTTT.Simulation.Placements;
using EnergyTTT.Simulation.Racks;
using EnergyTTT.Simulation.Requests;
using EnergyTTT.Simulation.Steering;
using EnergyTTT.Wire.Deployments;
using EnergyTTT.Wire.Gpus;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Simulation.Fleets;

/// <summary>
/// Sites, racks, hosts and GPUs that decode a mixed, drifting load; every step is computed, none is waited for, and the same seeds give the same
/// fleet. Whatever it says has the origin <see cref="Origin.Simulated"/>. Not thread-safe.
/// </summary>
public sealed class SimulatedFleet
{
    private readonly SimulatedFleetOptions _options;
    private readonly IRequestPlacement _placement;
    private readonly IEpochSource _epochs;
    private readonly UsageSignatures _signatures;
    private readonly Dictionary<string, SimulatedEngine[]> _replicas = [];
    private readonly Dictionary<string, RequestStream> _streams = [];
    private readonly Dictionary<string, int[]> _fallback = [];
    private readonly Dictionary<string, SimulatedEngine> _byName = [];
    private double _seconds;
    private bool _described;

    /// <summary>Builds the fleet in its steady state: every replica decodes its mean load, every GPU and rack is as warm as idling made it.</summary>
    /// <param name="options">What it looks like.</param>
    /// <param name="placement">Places requests.</param>
    /// <param name="epochs">Steers.</param>
    public SimulatedFleet(SimulatedFleetOptions options, IRequestPlacement placement, IEpochSource epochs)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _placement, _epochs) = (options, placement, epochs);
        Gates = RecordedGates.E64;
        _signatures = new UsageSignatures(Gates);
        Racks = [.. from site in Enumerable.Range(0, options.Sites)
                    from rack in Enumerable.Range(0, options.RacksPerSite)
                    select new SimulatedRack($"{options.Prefix}site-{site + 1}", $"{options.Prefix}s{site + 1}-r{rack + 1:00}", Recirculation(site == 0 && rack == 0), options.AirSeconds)];
        Hosts = Build();
        foreach (var engine in Hosts.SelectMany(host => host.Engines))
        {
            _byName[engine.Deployment + "/" + engine.Id] = engine;
        }

        foreach (var group in Hosts.SelectMany(host => host.Engines).GroupBy(engine => engine.Deployment))
        {
            _replicas[group.Key] = [.. group];
            _fallback[group.Key] = [0];
        }

        var domains = new Domains(Gates, _signatures, options.Domains, options.HardwareSeed);
        foreach (var (place, deployment) in _replicas.Keys.Order(StringComparer.Ordinal).Index())
        {
            var rate = _replicas[deployment].Length * options.SequencesPerReplica * options.TokensPerSecond / options.MeanTokens;
            _streams[deployment] = new RequestStream(domains, Gates, rate, options.MeanTokens, options.Drift, options.DriftSeconds, (options.LoadSeed * 7919) + place);
        }

        SettleRacks();
    }

    /// <summary>The recording that engines play.</summary>
    public RecordedGates Gates { get; }

    /// <summary>The racks; the first is the hot one.</summary>
    public IReadOnlyList<SimulatedRack> Racks { get; }

    /// <summary>The hosts.</summary>
    public IReadOnlyList<SimulatedHost> Hosts { get; }

    /// <summary>The clock of the fleet.</summary>
    public DateTimeOffset Now => _options.Start.AddSeconds(_seconds);

    /// <summary>The deployments as they are put to a server.</summary>
    public IReadOnlyDictionary<string, DeploymentDescription> Deployments => _replicas.ToDictionary(pair => pair.Key, pair => new DeploymentDescription
    {
        Model = $"recorded gates (each layer stands for {_options.RepeatLayers})",
        Layers = Gates.Layers,
        LayerRepeat = _options.RepeatLayers,
        Experts = Gates.Experts,
        TopK = Gates.TopK,
        Gate = GateFunction.Softmax,
        BiasSpace = BiasSpace.Logit,
        Selector = pair.Value[0].Selector,
        Replicas = [.. pair.Value.Select(engine => new ReplicaDescription { Id = engine.Id, Gpus = [engine.Gpu.Id.Value] })],
        CostTable = "h100-80gb-hbm3-bf16",
        IsSimulated = true,
    });

    /// <summary>The GPUs of a host as telemetry describes them.</summary>
    public static IReadOnlyList<GpuDescription> Describe(SimulatedHost host)
    {
        ArgumentNullException.ThrowIfNull(host);

        return [.. host.Engines.Select(engine => new GpuDescription { Gpu = engine.Gpu.Id, Model = "NVIDIA H100 80GB HBM3 (simulated)", PowerLimitMaxWatts = 700, State = "ok" })];
    }

    /// <summary>Lets the fleet start with its mean load instead of empty replicas; the placement decides who gets what.</summary>
    public async ValueTask WarmUpAsync(CancellationToken cancellationToken = default)
    {
        foreach (var (deployment, stream) in _streams)
        {
            for (var i = 0; i < (int)(_replicas[deployment].Length * _options.SequencesPerReplica); i++)
            {
                await Place(deployment, stream.Running(), cancellationToken);
            }
        }
    }

    /// <summary>Lets an interval pass: requests arrive and are placed, engines decode, GPUs and air warm.</summary>
    /// <param name="interval">Above 0; a second is what frames are made of.</param>
    /// <param name="cancellationToken">Gives up between requests.</param>
    public async ValueTask<FleetStep> StepAsync(TimeSpan interval, CancellationToken cancellationToken = default)
    {
        var seconds = interval.TotalSeconds;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(seconds, nameof(interval));
        // Deployments share nothing while they place, so that a server's answers to one do not hold up the others.
        await Task.WhenAll(_streams.Select(pair => Place(pair.Key, pair.Value, _seconds + seconds, cancellationToken)));

        var feedback = new List<DeploymentFeedback>();
        foreach (var (deployment, engines) in _replicas)
        {
            var epoch = _epochs.Current(deployment);
            foreach (var engine in engines)
            {
                if (engine.Steer(epoch) is { } closed)
                {
                    feedback.Add(new(deployment, closed));
                }
            }
        }

        _seconds += seconds;
        var telemetry = new List<TelemetryBatch>(Hosts.Count);
        foreach (var host in Hosts)
        {
            telemetry.Add(Pass(host, seconds));
        }

        foreach (var rack in Racks)
        {
            rack.Pass(seconds, Hosts.Where(host => host.Rack == rack).SelectMany(host => host.Engines).Sum(engine => engine.Gpu.Watts));
        }

        foreach (var engine in _byName.Values.Where(engine => engine.ChunkSeconds >= _options.ChunkSeconds))
        {
            if (engine.Close() is { } closed)
            {
                feedback.Add(new(engine.Deployment, closed));
            }
        }

        _described = true;

        return new(telemetry, feedback);
    }

    private TelemetryBatch Pass(SimulatedHost host, double seconds) => new()
    {
        Source = "simulation/" + host.Name,
        Boot = _options.Boot,
        Site = host.Rack.Site,
        Rack = host.Rack.Name,
        Host = host.Name,
        Sent = Now,
        Gpus = _described ? null : Describe(host),
        Frames = [.. host.Engines.Select(engine => engine.Pass(seconds, host.Rack.AirRiseCelsius, Now))],
    };

    private async Task Place(string deployment, RequestStream stream, double until, CancellationToken cancellationToken)
    {
        foreach (var request in stream.Until(until))
        {
            await Place(deployment, request, cancellationToken);
        }
    }

    private async ValueTask Place(string deployment, DecodingRequest request, CancellationToken cancellationToken)
    {
        var engines = _replicas[deployment];
        var loads = engines.Select(engine => new ReplicaLoad(engine.Id, engine.Gpu.Id.Value, engine.Active, engine.Waiting, engine.Signature)).ToArray();
        var question = new PlacementQuestion { Signature = _signatures.Of(request.Sequence), Tokens = (long)_options.MeanTokens };
        var replica = await _placement.PlaceAsync(deployment, question, loads, cancellationToken);
        if (replica is null || !_byName.TryGetValue(deployment + "/" + replica, out var engine))
        {
            engine = engines[_fallback[deployment][0]++ % engines.Length];
        }

        engine.Join(request);
    }

    private SimulatedHost[] Build()
    {
        var random = new Random(_options.HardwareSeed);
        var costs = Enumerable.Range(0, _options.Deployments)
            .Select(deployment => new ModelCosts(ModelCosts.MeasuredFit, Gates.Layers, Gates.Experts, _options.RepeatLayers, _options.CostSpread, (_options.HardwareSeed * 104729) + deployment)).ToArray();
        var hosts = new List<SimulatedHost>();
        var dealt = 0;
        foreach (var rack in Racks)
        {
            for (var number = 1; number <= _options.HostsPerRack; number++)
            {
                var name = $"{rack.Name}-h{number:00}";
                var engines = new List<SimulatedEngine>();
                for (var place = 0; place < _options.GpusPerHost; place++, dealt++)
                {
                    var airflow = (1 + (_options.AirflowSpread * ((2 * random.NextDouble()) - 1))) * (rack == Racks[0] ? _options.HotAirflow : 1);
                    var gpu = new SimulatedGpu(GpuId.Parse($"GPU-{name}-{place}"), _options.Gpu with { Airflow = airflow });
                    var deployment = dealt % _options.Deployments;
                    var selector = deployment < _options.Deployments - _options.BiasOnlyDeployments ? EngineSelector.Full : EngineSelector.BiasOnly;
                    engines.Add(new SimulatedEngine(
                        $"{_options.Prefix}moe-{deployment + 1}", $"{name}-g{place}", gpu, selector, Gates, _signatures, costs[deployment], _options.Slots, _options.TokensPerSecond, _options.Start.ToUnixTimeMilliseconds(), (_options.LoadSeed * 31) + dealt));
                }

                hosts.Add(new(name, rack, engines));
            }
        }

        return [.. hosts];
    }

    private double Recirculation(bool hot) => (hot ? _options.HotRecirculation : _options.Recirculation) / (_options.HostsPerRack * _options.GpusPerHost / 4.0);

    private void SettleRacks()
    {
        foreach (var host in Hosts)
        {
            host.Rack.Settle(_options.Gpu.IdleWatts * _options.HostsPerRack * _options.GpusPerHost);
            foreach (var engine in host.Engines)
            {
                engine.Gpu.Settle(_options.Gpu.IdleWatts, host.Rack.AirRiseCelsius);
            }
        }
    }
}
