using System.ComponentModel.DataAnnotations;
using EnergyTTT.Routing.Biases;
using EnergyTTT.Routing.FastWeights;
using EnergyTTT.Routing.Feedback;
using EnergyTTT.Routing.KernelCosts;
using EnergyTTT.Routing.Losses;
using EnergyTTT.Routing.Monitoring;
using EnergyTTT.Routing.Strategies;
using EnergyTTT.Routing.Usage;
using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Routing.Learning;

/// <summary>How the learner of one layer works.</summary>
public sealed record LearningOptions
{
    /// <summary>The gate of the layer.</summary>
    public required SelectorShape Shape { get; init; }

    /// <summary>What it does. Default: EnergyAwareTTT.</summary>
    public Strategy Strategy { get; init; } = StrategyCatalogue.EnergyAwareTtt;

    /// <summary>
    /// Whether the engine carries out the strategy's batch step. Default true; false for engines that can only take a bias, which then carries everything.
    /// </summary>
    public bool BatchAware { get; init; } = true;

    /// <summary>Costs of the experts; <see langword="null"/> = unknown, and then nothing has a price.</summary>
    public ExpertCosts? Costs { get; init; }

    /// <summary>Device of each expert <c>[experts]</c>; empty = one device.</summary>
    public int[] Devices { get; init; } = [];

    /// <summary><c>ttt_chunk_size</c>: tokens that an update looks back on. Default 2,048, range 2,048 to 1,048,576.</summary>
    [Range(2_048, 1_048_576)]
    public int ChunkSize { get; init; } = 2_048;

    /// <summary><c>ttt_update_frequency</c>: new tokens between updates. Default 512, 1 to the chunk size.</summary>
    [Range(1, 1_048_576)]
    public int UpdateFrequency { get; init; } = 512;

    /// <summary>Least time between updates. Default 1 s, range 0 to 1 h.</summary>
    public TimeSpan UpdateInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Rows of gates that are kept, whatever the chunk. Default 4,096, range 16 to 4,096.</summary>
    [Range(16, 4_096)]
    public int SampleRows { get; init; } = 4_096;

    /// <summary>R: greatest spread of the bias in logits. Default .4; up to 4 where the per-token guard is ours.</summary>
    [Range(0, 4)]
    public double Spread { get; init; } = 0.4;

    /// <summary>eps: greatest mean KL of the price tilt, nats. Default .02, range 0 to 2.</summary>
    [Range(0, 2)]
    public double Divergence { get; init; } = 0.02;

    /// <summary>rho_min of the epochs. Default .95, range 0 to 1.</summary>
    [Range(0, 1)]
    public float GuardBound { get; init; } = 0.95f;

    /// <summary>Greatest change of any bias per window, logits. Default .05, range above 0 to 4.</summary>
    [Range(0, 4)]
    public double BiasStep { get; init; } = BiasAssembly.DefaultStep;

    /// <summary>Heat limit that shadow prices look at where a device names none, degrees Celsius. Default 80.</summary>
    [Range(20, 130)]
    public double HeatLimitCelsius { get; init; } = 80;

    /// <summary>Priority class of the tenant. Default standard.</summary>
    public PriorityClass Priority { get; init; }

    /// <summary>After this time without a newer epoch an engine falls back to its own gate. Default 60 s.</summary>
    public TimeSpan EpochLife { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Version of the policy that epochs name.</summary>
    public long PolicyVersion { get; init; }

    /// <summary>Power that an update is charged with, watts of one CPU core. Default 15, range 0 to 1,000.</summary>
    [Range(0, 1_000)]
    public double CoreWatts { get; init; } = 15;

    /// <summary>Share of the saving above which the learner's own joules switch the fast weights off. Default .005, range 0 to 1.</summary>
    [Range(0, 1)]
    public double GreatestOwnShare { get; init; } = 0.005;

    /// <summary>Weights of the objectives.</summary>
    public ObjectiveWeights Weights { get; init; } = new();

    /// <summary>Targets of the scoreboard.</summary>
    public LossTargets Targets { get; init; } = new();

    /// <summary>How fast weights learn.</summary>
    public FastWeightOptions FastWeights { get; init; } = new();

    /// <summary>Hidden units of the fast weights. Default 64.</summary>
    [Range(1, 4_096)]
    public int HiddenUnits { get; init; } = 64;

    /// <summary>How feedback becomes features.</summary>
    public FeedbackOptions Feedback { get; init; } = new();

    /// <summary>What counts as stale.</summary>
    public MonitoringOptions Monitoring { get; init; } = new();

    /// <summary>How usage is kept and balanced.</summary>
    public UsageOptions Usage { get; init; } = new();

    /// <summary>When prices say anything.</summary>
    public KernelCostOptions Prices { get; init; } = new();

    /// <summary>Throws a list of everything that is out of range.</summary>
    /// <exception cref="ArgumentException">Something is.</exception>
    internal void Check()
    {
        List<string> wrong = [];
        void Within(string name, double value, double least, double most)
        {
            if (!(value >= least && value <= most))
                wrong.Add($"{name} is {value}, expected {least} to {most}");
        }

        Within("ttt_chunk_size", ChunkSize, 2_048, 1_048_576);
        Within("ttt_update_frequency", UpdateFrequency, 1, ChunkSize);
        Within(nameof(UpdateInterval), UpdateInterval.TotalSeconds, 0, 3_600);
        Within(nameof(SampleRows), SampleRows, 16, 4_096);
        Within(nameof(Spread), Spread, 0, 4);
        Within(nameof(Divergence), Divergence, 0, 2);
        Within(nameof(GuardBound), GuardBound, 0, 1);
        Within(nameof(BiasStep), BiasStep, 1e-9, 4);
        Within(nameof(HeatLimitCelsius), HeatLimitCelsius, 20, 130);
        Within(nameof(HiddenUnits), HiddenUnits, 1, 4_096);
        Within(nameof(CoreWatts), CoreWatts, 0, 1_000);
        Within(nameof(GreatestOwnShare), GreatestOwnShare, 0, 1);
        if (Costs?.Fault(Shape.Experts) is { } fault)
            wrong.Add(fault);
        if (Devices.Length is not 0 && Devices.Length != Shape.Experts || Devices.Any(g => g < 0))
            wrong.Add($"{Devices.Length} devices for {Shape.Experts} experts: one per expert, 0 or more, or none at all");
        if (wrong.Count > 0)
            throw new ArgumentException(string.Join("; ", wrong));
    }
}
