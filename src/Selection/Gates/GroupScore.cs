namespace EnergyTTT.Selection.Gates;

/// <summary>What a group of experts is worth to a token when only the best groups may serve it.</summary>
public enum GroupScore
{
    /// <summary>The best expert of the group (DeepSeek-V2).</summary>
    Maximum = 0,

    /// <summary>The sum of the two best experts of the group (DeepSeek-V3); with groups of one expert, that expert.</summary>
    TopTwo = 1,
}
