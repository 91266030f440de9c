using EnergyTTT.Selection.Gates;

namespace EnergyTTT.Routing.Losses;

/// <summary>
/// Gate probabilities of some tokens, <c>[rows, experts]</c>: what the model's own gate wants, without any bias. The rows are what a loss is averaged over.
/// </summary>
/// <remarks>Not thread-safe. Rows sum to 1; a token whose logits are all masked counts as uniform.</remarks>
public sealed class GateSample
{
    private float[] _rows;

    /// <summary>An empty sample.</summary>
    /// <param name="experts">E, 1 or more.</param>
    public GateSample(int experts, int capacity = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        Experts = experts;
        _rows = new float[experts * capacity];
    }

    /// <summary>E, the length of a row.</summary>
    public int Experts { get; }

    /// <summary>Number of rows.</summary>
    public int Count { get; private set; }

    /// <summary>The probabilities, <c>[count, experts]</c>.</summary>
    public ReadOnlySpan<float> Rows => _rows.AsSpan(0, Count * Experts);

    /// <summary>The probabilities of one row, <c>[experts]</c>.</summary>
    public ReadOnlySpan<float> Row(int row) => Rows.Slice(row * Experts, Experts);

    /// <summary>Adds rows of logits, <c>[rows, experts]</c>.</summary>
    /// <exception cref="ArgumentException">The length is no whole number of rows.</exception>
    public void Add(ReadOnlySpan<float> logits, GateKind gate = GateKind.Softmax)
    {
        if (logits.Length % Experts != 0)
            throw new ArgumentException($"{logits.Length} logits are no whole number of rows of {Experts} experts", nameof(logits));
        for (var at = 0; at < logits.Length; at += Experts)
            GateProbabilities.Of(logits.Slice(at, Experts), gate, Next());
    }

    /// <summary>Adds one row of probabilities, as another sample holds them.</summary>
    /// <exception cref="ArgumentException">Another number of experts.</exception>
    public void AddProbabilities(ReadOnlySpan<float> row)
    {
        if (row.Length != Experts)
            throw new ArgumentException($"{row.Length} probabilities for {Experts} experts", nameof(row));
        row.CopyTo(Next());
    }

    /// <summary>Forgets all rows and keeps the memory.</summary>
    public void Clear() => Count = 0;

    private Span<float> Next()
    {
        if ((Count + 1) * Experts > _rows.Length)
            Array.Resize(ref _rows, Math.Max(2 * _rows.Length, 16 * Experts));
        return _rows.AsSpan(Count++ * Experts, Experts);
    }
}
