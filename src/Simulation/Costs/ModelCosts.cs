using EnergyTTT.Routing.KernelCosts;

namespace EnergyTTT.Simulation.Costs;

/// <summary>
/// What a decode step truly costs on a simulated GPU: the linear fit of the measured table (one MoE block of 2048 x 768 experts in bf16 on an H100) with a factor of its own for
/// each expert, plus what routing cannot change. The learner has the table, not the factors.
/// </summary>
/// <remarks>
/// <c>E = repeat * sum_l [ fixed + sum_e f_le a 1[n_e &gt; 0] + c S + other ]</c>; the time has the same form. "Other" (attention, cache, head) is derived from bytes: per layer 37.7 MB of attention
/// weights, 67 MB of cache for 16 sequences of 2,048 tokens and 13 MB of the head's share, at the joules and seconds per byte of reading an expert (9.4 MB). Modelled, not measured.
/// </remarks>
public sealed class ModelCosts
{
    /// <summary>Bytes of one expert: three matrices of 2048 x 768 in bf16.</summary>
    public const double ExpertBytes = 3.0 * 2048 * 768 * 2;

    /// <summary>Bytes that a layer reads besides its experts, per step: attention's weights and the head's share.</summary>
    public const double OtherBytes = 37.7e6 + 13e6;

    /// <summary>Bytes of cache that a layer reads per sequence and step.</summary>
    public const double CacheBytesPerSequence = 67e6 / 16;

    private readonly double[] _factors;

    /// <summary>Draws the factors.</summary>
    /// <param name="fit">The learner's table.</param>
    /// <param name="layers">Layers that are played.</param>
    /// <param name="experts">Experts per layer.</param>
    /// <param name="repeat">How many layers of the model each played layer stands for, 1 or more.</param>
    /// <param name="spread">Factors lie in 1 ± spread, uniformly; 0 to 0.9.</param>
    /// <param name="seed">Draws the factors.</param>
    public ModelCosts(CostFit fit, int layers, int experts, int repeat, double spread, int seed)
    {
        ArgumentNullException.ThrowIfNull(fit);
        ArgumentOutOfRangeException.ThrowIfLessThan(repeat, 1);
        if (!(spread is >= 0 and <= 0.9))
        {
            throw new ArgumentOutOfRangeException(nameof(spread), spread, "true costs differ by 0 to 0.9 of the table");
        }

        var random = new Random(seed);
        Fit = fit;
        Experts = experts;
        Repeat = repeat;
        _factors = new double[layers * experts];
        for (var i = 0; i < _factors.Length; i++)
        {
            _factors[i] = 1 + (spread * ((2 * random.NextDouble()) - 1));
        }
    }

    /// <summary>The measured table that this build carries, fitted.</summary>
    public static CostFit MeasuredFit => Measured.Value;

    private static Lazy<CostFit> Measured { get; } = new(() =>
    {
        using var stream = typeof(ModelCosts).Assembly.GetManifestResourceStream("h100_moe_cost.json") ?? throw new InvalidOperationException("The cost table is missing from this build.");
        var model = KernelCostFile.Read(stream, "h100_moe_cost.json").ToModel();

        return model.Fit ?? throw new InvalidOperationException("The cost table does not fit: " + model.FitRefusal);
    });

    /// <summary>The learner's table.</summary>
    public CostFit Fit { get; }

    /// <summary>Experts per layer.</summary>
    public int Experts { get; }

    /// <summary>How many layers of the model each played layer stands for.</summary>
    public int Repeat { get; }

    /// <summary>The true cost of an expert relative to the table.</summary>
    public double Factor(int layer, int expert) => _factors[(layer * Experts) + expert];

    /// <summary>Adds one played layer of a step.</summary>
    /// <param name="layer">The played layer.</param>
    /// <param name="counts">Token slots per expert <c>[experts]</c>.</param>
    /// <param name="sequences">Sequences in the batch.</param>
    /// <param name="cost">What is added to.</param>
    public void Add(int layer, ReadOnlySpan<int> counts, int sequences, ref StepCost cost)
    {
        double active = 0, slots = 0;
        for (var expert = 0; expert < counts.Length; expert++)
        {
            active += counts[expert] > 0 ? Factor(layer, expert) : 0;
            slots += counts[expert];
        }

        var others = (OtherBytes + (CacheBytesPerSequence * sequences)) / ExpertBytes;
        var joules = Fit.FixedJoules.Value + (Fit.ActivationJoules.Value * active) + (Fit.SlotJoules.Value * slots);
        var milliseconds = Fit.FixedMilliseconds.Value + (Fit.ActivationMilliseconds.Value * active) + (Fit.SlotMilliseconds.Value * slots);
        cost.BlockJoules += Repeat * joules;
        cost.Joules += Repeat * (joules + (Fit.ActivationJoules.Value * others));
        cost.Seconds += Repeat * (milliseconds + (Fit.ActivationMilliseconds.Value * others)) / 1000;
    }
}

/// <summary>What one step of a replica costs.</summary>
public struct StepCost
{
    /// <summary>Joules of the MoE blocks alone, as the measured table counts them (idle power of the running time included).</summary>
    public double BlockJoules { get; set; }

    /// <summary>Joules of the whole model.</summary>
    public double Joules { get; set; }

    /// <summary>Seconds at full clocks.</summary>
    public double Seconds { get; set; }
}
