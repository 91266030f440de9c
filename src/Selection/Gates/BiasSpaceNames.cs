namespace EnergyTTT.Selection.Gates;

/// <summary>The names that the bias spaces carry on the wire: <c>logit</c>, <c>softmax_score</c>, <c>sigmoid_score</c>, <c>sqrtsoftplus_score</c>.</summary>
public static class BiasSpaceNames
{
    /// <summary>The wire name of a space.</summary>
    public static string Name(this BiasSpace space) => space switch
    {
        BiasSpace.Logit => "logit",
        BiasSpace.SoftmaxScore => "softmax_score",
        BiasSpace.SigmoidScore => "sigmoid_score",
        BiasSpace.SqrtSoftplusScore => "sqrtsoftplus_score",
        _ => throw new ArgumentOutOfRangeException(nameof(space), space, "A bias space is logit, softmax_score, sigmoid_score or sqrtsoftplus_score."),
    };

    /// <summary>The space that a wire name says.</summary>
    /// <exception cref="FormatException">The name is none of the four.</exception>
    public static BiasSpace Parse(string name) => name switch
    {
        "logit" => BiasSpace.Logit,
        "softmax_score" => BiasSpace.SoftmaxScore,
        "sigmoid_score" => BiasSpace.SigmoidScore,
        "sqrtsoftplus_score" => BiasSpace.SqrtSoftplusScore,
        _ => throw new FormatException($"bias_space '{name}' is unknown: say logit, softmax_score, sigmoid_score or sqrtsoftplus_score."),
    };

    /// <summary>The score space that belongs to a gate: the only score space in which that gate can take a bias.</summary>
    public static BiasSpace ScoreSpace(this GateKind gate) => gate switch
    {
        GateKind.Softmax => BiasSpace.SoftmaxScore,
        GateKind.Sigmoid => BiasSpace.SigmoidScore,
        GateKind.SqrtSoftplus => BiasSpace.SqrtSoftplusScore,
        _ => throw new ArgumentOutOfRangeException(nameof(gate), gate, "A gate is Softmax, Sigmoid or SqrtSoftplus."),
    };
}
