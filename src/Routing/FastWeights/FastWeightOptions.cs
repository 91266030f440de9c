using System.ComponentModel.DataAnnotations;

namespace EnergyTTT.Routing.FastWeights;

/// <summary>How fast weights learn.</summary>
public sealed record FastWeightOptions
{
    /// <summary>Seed of the initial weights. Same seed, same shape: same network.</summary>
    public int Seed { get; init; } = 1;

    /// <summary><c>muon_enabled</c>: Muon (orthogonalised momentum) if true, AdamW if false. Default true.</summary>
    public bool MuonEnabled { get; init; } = true;

    /// <summary>Which polynomial Muon uses. Default: five triples.</summary>
    public NewtonSchulzCoefficients Coefficients { get; init; } = NewtonSchulzCoefficients.FiveTriples;

    /// <summary>Share of the last momentum that is kept, <c>M = dW + momentum M</c>. Default .9, range 0 to .999.</summary>
    [Range(0, 0.999)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>eta0: Muon's step along the orthonormal direction, dimensionless. Default .02 (LaCT itself uses 1; a router moves slowly), range 0 to 1.</summary>
    [Range(0, 1)]
    public double MuonStep { get; init; } = 0.02;

    /// <summary><c>energy_aware_lr</c>: the rate of AdamW, used only when Muon is off. Default 1e-4, range 0 to 1.</summary>
    [Range(0, 1)]
    public double AdamRate { get; init; } = 1e-4;

    /// <summary>AdamW's decoupled weight decay. Default .01, range 0 to 1. Row norms are restored afterwards, so it only turns rows towards their gradient.</summary>
    [Range(0, 1)]
    public double WeightDecay { get; init; } = 0.01;

    /// <summary>Whether the weights live on the first CUDA device. Default false: at these sizes a CPU core is faster than a launch.</summary>
    public bool OnCuda { get; init; }

    /// <summary>Lists every field that is outside its range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">One or more are.</exception>
    internal void Check()
    {
        List<string> wrong = [];
        Within(nameof(Momentum), Momentum, 0, 0.999, wrong);
        Within(nameof(MuonStep), MuonStep, 0, 1, wrong);
        Within(nameof(AdamRate), AdamRate, 0, 1, wrong);
        Within(nameof(WeightDecay), WeightDecay, 0, 1, wrong);
        if (wrong.Count > 0)
            throw new ArgumentOutOfRangeException(nameof(FastWeightOptions), string.Join("; ", wrong));
    }

    private static void Within(string name, double value, double low, double high, List<string> wrong)
    {
        if (!(value >= low && value <= high))
            wrong.Add($"{name} is {value}, expected {low} to {high}");
    }
}
