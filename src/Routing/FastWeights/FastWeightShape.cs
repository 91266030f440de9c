namespace EnergyTTT.Routing.FastWeights;

/// <summary>The sizes of a fast-weight network: W0 and W2 are <c>[hidden, inputs]</c>, W1 is <c>[experts, hidden]</c>.</summary>
/// <remarks>Equality is by value; the default value has no sizes and is refused everywhere.</remarks>
public readonly record struct FastWeightShape
{
    /// <summary>Checks and builds a shape.</summary>
    /// <param name="experts">E, 1 to 65,536.</param>
    /// <param name="inputs">d_in, the length of a feature vector, 1 to 4,096. Default 64.</param>
    /// <param name="hidden">d_h, 1 to 4,096. Default 64.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is outside its range.</exception>
    public FastWeightShape(int experts, int inputs = 64, int hidden = 64)
    {
        if (experts is < 1 or > 65_536)
            throw new ArgumentOutOfRangeException(nameof(experts), experts, "a layer has 1 to 65,536 experts");
        if (inputs is < 1 or > 4_096)
            throw new ArgumentOutOfRangeException(nameof(inputs), inputs, "a feature vector has 1 to 4,096 numbers");
        if (hidden is < 1 or > 4_096)
            throw new ArgumentOutOfRangeException(nameof(hidden), hidden, "the hidden layer has 1 to 4,096 units");
        (Experts, Inputs, Hidden) = (experts, inputs, hidden);
    }

    /// <summary>E: outputs of the network.</summary>
    public int Experts { get; }

    /// <summary>d_in: numbers in one feature vector.</summary>
    public int Inputs { get; }

    /// <summary>d_h: hidden units.</summary>
    public int Hidden { get; }

    /// <summary>All weights: <c>2 d_h d_in + E d_h</c>.</summary>
    public int Weights => (2 * Hidden * Inputs) + (Experts * Hidden);

    /// <summary>All rows, each with a norm that is restored: <c>2 d_h + E</c>.</summary>
    public int Rows => (2 * Hidden) + Experts;
}
