using EnergyTTT.Simulation.Gpus;

namespace EnergyTTT.Simulation.Fleets;

/// <summary>A fleet that is not there. The defaults are the experiment's: 16 GPUs in four racks, two deployments, one hot rack.</summary>
public sealed record SimulatedFleetOptions
{
    /// <summary>The demo's fleet: 64 GPUs in four racks of two sites, four deployments of 16 replicas.</summary>
    public static SimulatedFleetOptions Demo { get; } = new() { HostsPerRack = 2, GpusPerHost = 8, Deployments = 4 };

    /// <summary>Number of GPUs.</summary>
    public int Gpus => Sites * RacksPerSite * HostsPerRack * GpusPerHost;

    /// <summary>Begin of the names of sites, racks, hosts, GPUs and deployments.</summary>
    public string Prefix { get; init; } = "sim-";

    /// <summary>Sites, 1 or more.</summary>
    public int Sites { get; init; } = 2;

    /// <summary>Racks per site, 1 or more.</summary>
    public int RacksPerSite { get; init; } = 2;

    /// <summary>Hosts per rack, 1 or more.</summary>
    public int HostsPerRack { get; init; } = 1;

    /// <summary>GPUs per host, 1 or more.</summary>
    public int GpusPerHost { get; init; } = 4;

    /// <summary>Deployments; GPUs are dealt to them in turn, so that every rack holds replicas of each.</summary>
    public int Deployments { get; init; } = 2;

    /// <summary>How many of the deployments, counted from the last, have engines that take a bias and nothing else; 0 to <see cref="Deployments"/>.</summary>
    public int BiasOnlyDeployments { get; init; }

    /// <summary>Mean number of sequences that decode on a replica at the offered load.</summary>
    public double SequencesPerReplica { get; init; } = 16;

    /// <summary>Sequences that a replica can decode side by side; more wait.</summary>
    public int Slots { get; init; } = 28;

    /// <summary>Tokens per second that each stream is paced at.</summary>
    public double TokensPerSecond { get; init; } = 45;

    /// <summary>Mean tokens of a request.</summary>
    public double MeanTokens { get; init; } = 600;

    /// <summary>Domains that the load is mixed from.</summary>
    public int Domains { get; init; } = 12;

    /// <summary>Swing of each domain's share, 0 to 1.</summary>
    public double Drift { get; init; } = 0.6;

    /// <summary>Seconds of one swing.</summary>
    public double DriftSeconds { get; init; } = 300;

    /// <summary>Layers of the model that each recorded layer stands for.</summary>
    public int RepeatLayers { get; init; } = 8;

    /// <summary>True costs of experts lie in 1 ± this of the learner's table.</summary>
    public double CostSpread { get; init; } = 0.2;

    /// <summary>Recirculation of an ordinary rack, °C of inlet rise per watt of the rack's GPUs and per 4 GPUs.</summary>
    public double Recirculation { get; init; } = 0.003;

    /// <summary>Recirculation of the hot rack (the first of the first site).</summary>
    public double HotRecirculation { get; init; } = 0.0155;

    /// <summary>Airflow factor of the hot rack's GPUs.</summary>
    public double HotAirflow { get; init; } = 1.2;

    /// <summary>Airflow factors of all GPUs lie in 1 ± this.</summary>
    public double AirflowSpread { get; init; } = 0.08;

    /// <summary>Time constant of a rack's air, seconds.</summary>
    public double AirSeconds { get; init; } = 60;

    /// <summary>Length of a chunk of feedback, seconds.</summary>
    public double ChunkSeconds { get; init; } = 2;

    /// <summary>Physics that all GPUs share.</summary>
    public SimulatedGpuOptions Gpu { get; init; } = new();

    /// <summary>Seed of the hardware: airflow, true costs, domains.</summary>
    public int HardwareSeed { get; init; } = 1;

    /// <summary>Seed of the load: arrivals, lengths, sequences.</summary>
    public int LoadSeed { get; init; } = 1;

    /// <summary>The time at which the fleet starts.</summary>
    public DateTimeOffset Start { get; init; } = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Names this run of the fleet within telemetry.</summary>
    public string Boot { get; init; } = "simulated-1";
}
