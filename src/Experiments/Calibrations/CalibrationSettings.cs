namespace EnergyTTT.Experiments.Calibrations;

/// <summary>Which blocks of experts are measured, and how long.</summary>
public sealed record CalibrationSettings
{
    /// <summary>d_model.</summary>
    public int Width { get; init; } = 2_048;

    /// <summary>Hidden width of one expert.</summary>
    public int ExpertWidth { get; init; } = 1_536;

    /// <summary>E.</summary>
    public int Experts { get; init; } = 64;

    /// <summary>k.</summary>
    public int TopK { get; init; } = 8;

    /// <summary>Layers of a step, each with weights of its own, so that no cache holds them.</summary>
    public int Layers { get; init; } = 4;

    /// <summary>Tokens of a batch, one after the other.</summary>
    public IReadOnlyList<int> Tokens { get; init; } = [16, 64, 256];

    /// <summary>Seconds of a window.</summary>
    public double WindowSeconds { get; init; } = 1.5;

    /// <summary>Windows of each point, in an order that a seed draws anew for each.</summary>
    public int Repeats { get; init; } = 2;

    /// <summary>Of weights, choices and order.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>A recording of the card; null: none.</summary>
    public string? Trace { get; init; }

    /// <summary>Points: tokens and distinct experts, where so many can be distinct.</summary>
    public IEnumerable<(int Tokens, int Distinct)> Points() =>
        from tokens in Tokens
        from distinct in new[] { TopK, Experts / 4, Experts / 2, 3 * Experts / 4, Experts }.Distinct()
        where distinct >= TopK && distinct <= Math.Min(Experts, tokens * TopK)
        select (tokens, distinct);

    /// <summary>Experts of each token <c>[tokens x k]</c>, such that exactly so many are used: every one at least once, slots as even as they go.</summary>
    /// <exception cref="ArgumentOutOfRangeException">So many cannot be distinct.</exception>
    public static long[] Choice(int tokens, int topK, int experts, int distinct, Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (distinct < topK || distinct > Math.Min(experts, tokens * topK))
        {
            throw new ArgumentOutOfRangeException(nameof(distinct), distinct, $"{topK} to {Math.Min(experts, tokens * topK)} distinct experts expected");
        }

        var used = Enumerable.Range(0, experts).ToArray();
        random.Shuffle(used);

        // Consecutive places on a ring of the used experts: k of them never repeat, and all are passed.
        var chosen = new long[tokens * topK];
        for (var slot = 0; slot < chosen.Length; slot++)
        {
            chosen[slot] = used[slot % distinct];
        }

        return chosen;
    }
}
