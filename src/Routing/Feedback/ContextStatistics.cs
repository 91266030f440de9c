namespace EnergyTTT.Routing.Feedback;

/// <summary>What raw gradients and activations say: norms, sums of squares, and the loss. Null is "not given".</summary>
public sealed record ContextStatistics
{
    /// <summary>Euclidean norm of each gradient, in the order given; empty when none was.</summary>
    public double[] GradientNorms { get; init; } = [];

    /// <summary>Mean of the norms; null without gradients.</summary>
    public double? GradientMean => GradientNorms.Length == 0 ? null : Mean(GradientNorms);

    /// <summary>Sample standard deviation of the norms (n - 1); 0 with one gradient, null without.</summary>
    public double? GradientDeviation => GradientNorms.Length switch { 0 => null, 1 => 0, _ => Deviation(GradientNorms) };

    /// <summary>Sum of squares of each activation, in the order given; empty when none was.</summary>
    public double[] ActivationEnergy { get; init; } = [];

    /// <summary>Mean of the sums of squares; null without activations.</summary>
    public double? ActivationEnergyMean => ActivationEnergy.Length == 0 ? null : Mean(ActivationEnergy);

    /// <summary>The loss; null when not given.</summary>
    public double? Loss { get; init; }

    /// <summary>
    /// Of raw arrays of any shape, flattened: <c>norm = sqrt(sum g^2)</c> of each gradient, <c>energy = sum a^2</c> of each activation.
    /// </summary>
    /// <exception cref="ArgumentException">A value is not finite.</exception>
    /// <remarks>Source: the original description, component 1; the deviation is that of torch.std (n - 1), but 0 instead of NaN for one gradient.</remarks>
    public static ContextStatistics Of(IReadOnlyList<ReadOnlyMemory<float>>? gradients, IReadOnlyList<ReadOnlyMemory<float>>? activations, double? loss) => new()
    {
        GradientNorms = gradients is null ? [] : [.. gradients.Select((g, i) => Finite(Math.Sqrt(SumOfSquares(g.Span)), "gradient", i))],
        ActivationEnergy = activations is null ? [] : [.. activations.Select((a, i) => Finite(SumOfSquares(a.Span), "activation", i))],
        Loss = loss is null ? null : Finite(loss.Value, "loss", 0),
    };

    /// <summary>Of values per expert: gradient norm and activation mean-square, each of exactly one value per expert, or empty.</summary>
    /// <exception cref="ArgumentException">Another number of values than experts, a negative or a not finite one.</exception>
    public static ContextStatistics OfExperts(int experts, ReadOnlySpan<float> gradientNorms, ReadOnlySpan<float> activationMeanSquares, double? loss) => new()
    {
        GradientNorms = PerExpert(experts, gradientNorms, "gradient norms"),
        ActivationEnergy = PerExpert(experts, activationMeanSquares, "activation mean-squares"),
        Loss = loss is null ? null : Finite(loss.Value, "loss", 0),
    };

    private static double[] PerExpert(int experts, ReadOnlySpan<float> values, string name)
    {
        if (!values.IsEmpty && values.Length != experts)
        {
            throw new ArgumentException($"{values.Length} {name} for {experts} experts: one per expert expected, or none at all");
        }

        var copy = new double[values.Length];
        for (var e = 0; e < copy.Length; e++)
        {
            copy[e] = float.IsFinite(values[e]) && values[e] >= 0 ? values[e] : throw new ArgumentException($"{name} of expert {e} is {values[e]}: a finite value of 0 or more expected");
        }

        return copy;
    }

    // Products and sum in double: 1e20 squared overflows a float.
    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value * value;
        }

        return sum;
    }

    private static double Finite(double value, string what, int index) =>
        double.IsFinite(value) ? value : throw new ArgumentException($"{what} {index} is {value}: finite values expected; leave it out where the host has none");

    private static double Mean(double[] values) => values.Average();

    private static double Deviation(double[] values)
    {
        var mean = Mean(values);
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    }
}
