namespace EnergyTTT.Selection.Gates;

/// <summary>How a model turns the gate logits of a token into the scores that weigh its experts.</summary>
public enum GateKind
{
    /// <summary><c>p_e = exp(z_e) / sum_j exp(z_j)</c>: Mixtral, Qwen-MoE, OLMoE.</summary>
    Softmax = 0,

    /// <summary><c>s_e = 1 / (1 + exp(-z_e))</c>: DeepSeek-V3, Kimi, GLM-MoE.</summary>
    Sigmoid = 1,

    /// <summary><c>s_e = sqrt(ln(1 + exp(z_e)))</c>, the square root of the softplus.</summary>
    SqrtSoftplus = 2,
}
