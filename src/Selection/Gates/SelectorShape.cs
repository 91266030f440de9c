namespace EnergyTTT.Selection.Gates;

/// <summary>
/// What a gate of a model looks like to the selector: how many experts there are, how many a token takes, and how their
/// weights are made. It belongs to the model and never changes while the model serves.
/// </summary>
/// <remarks>Equality is by value. There is no meaningful default: every shape is built, and checked, by its constructor.</remarks>
public sealed record SelectorShape
{
    /// <summary>Checks and builds a shape.</summary>
    /// <param name="experts">E, the number of routed experts of the layer, 1 to 65,536.</param>
    /// <param name="topK">k, the experts that each token takes, 1 to E.</param>
    /// <param name="gate">How logits become scores.</param>
    /// <param name="groups">Equal, consecutive groups of experts; 1 means no grouping. Divides E.</param>
    /// <param name="topGroups">How many of the groups may serve one token, 1 to <paramref name="groups"/>; together they hold at least k experts.</param>
    /// <param name="renormalise">True: the weights of a token sum to 1. False: they are the scores themselves (their sum is the retained mass).</param>
    /// <param name="biasSpace">Where this engine adds a bias: <see cref="BiasSpace.Logit"/>, or the score space of <paramref name="gate"/>.</param>
    /// <param name="groupScore">What a group is worth; when left out, the two best for sigmoid-like gates and the best one for softmax.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    /// <exception cref="ArgumentException">The bias space is the score space of another gate, or the groups do not fit.</exception>
    public SelectorShape(
        int experts,
        int topK,
        GateKind gate = GateKind.Softmax,
        int groups = 1,
        int topGroups = 1,
        bool renormalise = true,
        BiasSpace biasSpace = BiasSpace.Logit,
        GroupScore? groupScore = null)
    {
        if (experts is < 1 or > MaximumExperts)
        {
            throw new ArgumentOutOfRangeException(nameof(experts), experts, $"A layer has 1 to {MaximumExperts} experts.");
        }

        if (topK < 1 || topK > experts)
        {
            throw new ArgumentOutOfRangeException(nameof(topK), topK, $"A token takes 1 to {experts} of the {experts} experts.");
        }

        if (groups < 1 || experts % groups != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(groups), groups, $"{experts} experts cannot be cut into {groups} equal groups: choose a divisor of {experts}.");
        }

        if (topGroups < 1 || topGroups > groups)
        {
            throw new ArgumentOutOfRangeException(nameof(topGroups), topGroups, $"A token is served by 1 to {groups} of the {groups} groups.");
        }

        if (topGroups * (experts / groups) < topK)
        {
            throw new ArgumentException(
                $"{topGroups} groups of {experts / groups} experts hold {topGroups * (experts / groups)} experts, fewer than the {topK} that a token takes: raise topGroups or lower topK.",
                nameof(topGroups));
        }

        if (biasSpace != BiasSpace.Logit && biasSpace != gate.ScoreSpace())
        {
            throw new ArgumentException(
                $"A {gate} gate cannot take a bias in the space '{biasSpace.Name()}': use 'logit' or '{gate.ScoreSpace().Name()}'.",
                nameof(biasSpace));
        }

        Experts = experts;
        TopK = topK;
        Gate = gate;
        Groups = groups;
        TopGroups = topGroups;
        Renormalise = renormalise;
        BiasSpace = biasSpace;
        GroupScore = groupScore ?? (gate == GateKind.Softmax ? GroupScore.Maximum : GroupScore.TopTwo);
    }

    /// <summary>The largest number of experts of a layer.</summary>
    public const int MaximumExperts = 65_536;

    /// <summary>E, the number of routed experts.</summary>
    public int Experts { get; }

    /// <summary>k, the number of experts that each token takes.</summary>
    public int TopK { get; }

    /// <summary>How logits become scores.</summary>
    public GateKind Gate { get; }

    /// <summary>The number of equal, consecutive groups; 1 means no grouping.</summary>
    public int Groups { get; }

    /// <summary>How many groups may serve one token.</summary>
    public int TopGroups { get; }

    /// <summary>Whether the weights of a token sum to 1.</summary>
    public bool Renormalise { get; }

    /// <summary>The space in which this engine adds a bias.</summary>
    public BiasSpace BiasSpace { get; }

    /// <summary>What a group is worth to a token.</summary>
    public GroupScore GroupScore { get; }

    /// <summary>Whether only some of the groups may serve a token.</summary>
    public bool IsGrouped => TopGroups < Groups;

    /// <summary>The number of experts of one group.</summary>
    public int GroupSize => Experts / Groups;
}
