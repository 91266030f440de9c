namespace EnergyTTT.Selection.Signatures;

/// <summary>
/// How often one request, or one replica, has used each expert of each layer lately: counts [layers, experts] that lose half their weight every
/// <see cref="HalfLifeTokens"/> tokens. Not thread-safe; allocates only when built.
/// </summary>
public sealed class DecayedUsage
{
    private readonly double[] _counts;
    private readonly double _growth;
    private double _unit = 1;
    private double _tokens;

    /// <summary>Starts empty.</summary>
    /// <param name="layers">MoE layers, at least 1.</param>
    /// <param name="experts">Experts of each layer, at least 1.</param>
    /// <param name="halfLifeTokens">Tokens after which a count weighs half, above 0; positive infinity never forgets.</param>
    public DecayedUsage(int layers, int experts, double halfLifeTokens = 1024)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(layers, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        if (!(halfLifeTokens > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(halfLifeTokens), halfLifeTokens, "A half-life is a positive number of tokens.");
        }

        Layers = layers;
        Experts = experts;
        HalfLifeTokens = halfLifeTokens;
        _counts = new double[layers * experts];
        _growth = Math.Pow(2, 1 / halfLifeTokens);
    }

    /// <summary>The MoE layers.</summary>
    public int Layers { get; }

    /// <summary>The experts of each layer.</summary>
    public int Experts { get; }

    /// <summary>Tokens after which a count weighs half.</summary>
    public double HalfLifeTokens { get; }

    /// <summary>The decayed number of tokens seen.</summary>
    public double Tokens => _tokens / _unit;

    /// <summary>Takes one token: the experts that it used in each layer.</summary>
    /// <param name="chosen">[layers, k] expert indices; negative slots are unused.</param>
    /// <exception cref="ArgumentException">The length is no multiple of the layers.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An expert does not exist.</exception>
    public void Add(ReadOnlySpan<int> chosen)
    {
        if (chosen.Length % Layers != 0)
        {
            throw new ArgumentException($"{chosen.Length} experts are no whole number of slots for each of {Layers} layers.", nameof(chosen));
        }

        foreach (var expert in chosen)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(expert, Experts, nameof(chosen));
        }

        // Instead of fading everything that was, what is new weighs more.
        _unit *= _growth;
        _tokens += _unit;
        var slots = chosen.Length / Layers;
        for (var slot = 0; slot < chosen.Length; slot++)
        {
            if (chosen[slot] >= 0)
            {
                _counts[(slot / slots * Experts) + chosen[slot]] += _unit;
            }
        }

        Rescale();
    }

    /// <summary>Takes many tokens at once by their counts, as an engine reports them or a prompt's prefill gives them.</summary>
    /// <param name="counts">[layers, experts], not negative.</param>
    /// <param name="tokens">How many tokens they are, not negative.</param>
    /// <exception cref="ArgumentException">The length is wrong, or a count is negative or not finite.</exception>
    public void Add(ReadOnlySpan<float> counts, int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        if (counts.Length != _counts.Length)
        {
            throw new ArgumentException($"{counts.Length} counts were given; {Layers} layers of {Experts} experts need {_counts.Length}.", nameof(counts));
        }

        foreach (var count in counts)
        {
            if (!float.IsFinite(count) || count < 0)
            {
                throw new ArgumentException($"A count is {count}: counts are finite and not negative.", nameof(counts));
            }
        }

        var fade = Math.Pow(2, -tokens / HalfLifeTokens);
        for (var cell = 0; cell < _counts.Length; cell++)
        {
            _counts[cell] = (_counts[cell] / _unit * fade) + counts[cell];
        }

        _tokens = (_tokens / _unit * fade) + tokens;
        _unit = 1;
    }

    /// <summary>Writes q [layers, experts], the probability that a token uses each expert, in [0, 1]; all 0 before the first token.</summary>
    public void Probabilities(Span<float> probabilities)
    {
        if (probabilities.Length != _counts.Length)
        {
            throw new ArgumentException($"There is room for {probabilities.Length} of {_counts.Length} probabilities.", nameof(probabilities));
        }

        for (var cell = 0; cell < _counts.Length; cell++)
        {
            probabilities[cell] = _tokens > 0 ? (float)Math.Min(1, _counts[cell] / _tokens) : 0;
        }
    }

    private void Rescale()
    {
        if (_unit < 1e100)
        {
            return;
        }

        for (var cell = 0; cell < _counts.Length; cell++)
        {
            _counts[cell] /= _unit;
        }

        _tokens /= _unit;
        _unit = 1;
    }
}
