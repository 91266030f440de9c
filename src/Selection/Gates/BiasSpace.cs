namespace EnergyTTT.Selection.Gates;

/// <summary>
/// The space in which a bias is added before top-k. It is part of every message: a spread of 0.4 is mild in logits
/// and destructive in softmax scores of 128 experts, whose mean is 1/128.
/// </summary>
public enum BiasSpace
{
    /// <summary>Added to the gate logit, <c>z_e + b_e</c>; any gate can take it.</summary>
    Logit = 0,

    /// <summary>Added to the softmax probability, <c>p_e + b_e</c>.</summary>
    SoftmaxScore = 1,

    /// <summary>Added to the sigmoid score, <c>s_e + b_e</c>.</summary>
    SigmoidScore = 2,

    /// <summary>Added to the score of the square-root-of-softplus gate.</summary>
    SqrtSoftplusScore = 3,
}
