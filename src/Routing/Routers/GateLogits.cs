using System.Runtime.InteropServices;

namespace EnergyTTT.Routing.Routers;

/// <summary>
/// Gate logits of shape <c>[tokens, experts]</c> or <c>[batch, sequence, experts]</c>, row-major. Converts from arrays of rank 2 and 3; what a router answers has the same leading dimensions.
/// </summary>
public readonly struct GateLogits
{
    private readonly int[]? _shape; // Null in the default value, which holds no logits.

    /// <summary>Takes memory as it is; nothing is copied.</summary>
    /// <param name="values">The numbers, row-major.</param>
    /// <param name="shape">2 or 3 dimensions, whose product is the length.</param>
    /// <exception cref="ArgumentException">Another rank, or the product does not fit.</exception>
    public GateLogits(ReadOnlyMemory<float> values, params int[] shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Length is not (2 or 3) || shape.Any(d => d < 0) || shape.Aggregate(1L, (product, d) => product * d) != values.Length)
            throw new ArgumentException($"gate logits are [tokens, experts] or [batch, sequence, experts]; [{string.Join(", ", shape)}] does not fit {values.Length} numbers", nameof(shape));
        (Values, _shape) = (values, [.. shape]);
    }

    /// <summary>The numbers, row-major.</summary>
    public ReadOnlyMemory<float> Values { get; }

    /// <summary>The dimensions.</summary>
    public IReadOnlyList<int> Shape => _shape ?? [];

    /// <summary>Experts: the last dimension.</summary>
    public int Experts => Shape.Count == 0 ? 0 : Shape[^1];

    /// <summary>Tokens: the product of the others.</summary>
    public int Tokens => Experts == 0 ? 0 : Values.Length / Experts;

    /// <summary>A copy of an array <c>[tokens, experts]</c>.</summary>
    public static implicit operator GateLogits(float[,] values) => FromArray(values);

    /// <summary>A copy of an array <c>[batch, sequence, experts]</c>.</summary>
    public static implicit operator GateLogits(float[,,] values) => FromArray(values);

    /// <summary>A copy of an array of rank 2 or 3.</summary>
    public static GateLogits FromArray(Array values)
    {
        ArgumentNullException.ThrowIfNull(values);
        var copy = new float[values.Length];
        MemoryMarshal.CreateReadOnlySpan(ref MemoryMarshal.GetArrayDataReference(values), values.Length * sizeof(float)).CopyTo(MemoryMarshal.AsBytes(copy.AsSpan()));
        return new(copy, [.. Enumerable.Range(0, values.Rank).Select(values.GetLength)]);
    }
}
