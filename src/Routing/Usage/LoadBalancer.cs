namespace EnergyTTT.Routing.Usage;

/// <summary>
/// The integral rule that pulls load towards a target: <c>b_e := leak * b_e + u sign(target_e - load_e)</c> wherever the relative error exceeds the deadband. The leak lets it forget a
/// world that is gone. Not thread-safe.
/// </summary>
/// <remarks>Source: the sign rule of auxiliary-loss-free balancing (arXiv 2408.15664), with target, deadband and leak of the router specification, 3.3.</remarks>
public sealed class LoadBalancer
{
    private readonly UsageOptions _options;
    private readonly double[] _bias;

    /// <summary>Starts with no bias.</summary>
    public LoadBalancer(int experts, UsageOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        _options = options ?? new();
        _bias = new double[experts];
    }

    /// <summary>b_int, <c>[experts]</c>, in logits; sums to 0.</summary>
    public ReadOnlySpan<double> Bias => _bias;

    /// <summary>Takes the load of one window.</summary>
    /// <param name="load">Shares, <c>[experts]</c>.</param>
    /// <param name="target">Shares wanted, <c>[experts]</c>.</param>
    /// <returns>How many experts were outside the deadband.</returns>
    /// <exception cref="ArgumentException">The spans do not have one value per expert.</exception>
    public int Update(ReadOnlySpan<double> load, ReadOnlySpan<double> target)
    {
        if (load.Length != _bias.Length || target.Length != _bias.Length)
        {
            throw new ArgumentException($"{load.Length} loads and {target.Length} targets for {_bias.Length} experts: one of each per expert expected");
        }

        double sum = 0;
        var outside = 0;
        for (var e = 0; e < _bias.Length; e++)
        {
            var error = target[e] - load[e];
            var moves = Math.Abs(error) > _options.Deadband * target[e];
            outside += moves ? 1 : 0;
            _bias[e] = _options.Leak * _bias[e] + (moves && double.IsFinite(error) ? _options.Step * Math.Sign(error) : 0);
            sum += _bias[e];
        }

        // A constant over all experts changes no choice; taking it out keeps the sum at 0.
        var mean = sum / _bias.Length;
        for (var e = 0; e < _bias.Length; e++)
        {
            _bias[e] -= mean;
        }

        return outside;
    }

    /// <summary>A copy of the bias, for a snapshot.</summary>
    public double[] Snapshot() => [.. _bias];

    /// <summary>Puts a copied bias back.</summary>
    /// <exception cref="ArgumentException">Another number of experts, or a value that is not finite.</exception>
    public void Restore(ReadOnlySpan<double> bias)
    {
        if (bias.Length != _bias.Length || bias.ContainsAnyExceptFinite())
        {
            throw new ArgumentException($"{bias.Length} values for {_bias.Length} experts: one finite value per expert expected", nameof(bias));
        }

        bias.CopyTo(_bias);
    }

    /// <summary>Forgets all.</summary>
    public void Clear() => Array.Clear(_bias);
}
