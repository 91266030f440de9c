namespace EnergyTTT.Routing.FastWeights;

/// <summary>
/// Everything a fast-weight network remembers, as plain arrays: what a snapshot, a blob and the time machine hold. Row-major; the arrays belong to
/// the state and are read-only.
/// </summary>
/// <param name="Shape">Sizes of the arrays.</param>
/// <param name="Optimiser">Which moments are there: Muon has one set (M), AdamW two (M and V).</param>
/// <param name="Step">Updates so far.</param>
/// <param name="Gates">W0 <c>[hidden, inputs]</c>.</param>
/// <param name="Ups">W2 <c>[hidden, inputs]</c>.</param>
/// <param name="Outputs">W1 <c>[experts, hidden]</c>.</param>
/// <param name="RowNorms">Initial row norms that restoration keeps: those of W0 <c>[hidden]</c>, W2 <c>[hidden]</c>, W1 <c>[experts]</c>, one after another.</param>
/// <param name="Momentum">M0, M2, M1 one after another <c>[2 hidden inputs + experts hidden]</c>; <see langword="null"/> = none yet or not kept.</param>
/// <param name="SecondMoments">V0, V2, V1 of AdamW; <see langword="null"/> otherwise.</param>
public sealed record FastWeightState(
    FastWeightShape Shape, FastWeightOptimiser Optimiser, long Step, float[] Gates, float[] Ups, float[] Outputs, float[] RowNorms, float[]? Momentum, float[]? SecondMoments)
{
    /// <summary>The first thing that makes the state unusable, in words; <see langword="null"/> when there is none.</summary>
    /// <remarks>Lengths, finiteness, and row norms within 1 % of those to be restored.</remarks>
    public string? Fault()
    {
        var weights = Shape.Hidden * Shape.Inputs;
        if (Gates.Length != weights || Ups.Length != weights || Outputs.Length != Shape.Experts * Shape.Hidden || RowNorms.Length != Shape.Rows
            || (Momentum?.Length ?? Shape.Weights) != Shape.Weights || (SecondMoments?.Length ?? Shape.Weights) != Shape.Weights)
            return "the lengths of the arrays do not fit the shape";
        if (Step < 0)
            return $"step {Step} is negative";

        foreach (var (name, values) in new[] { ("W0", Gates), ("W2", Ups), ("W1", Outputs), ("row norms", RowNorms), ("momentum", Momentum), ("second moments", SecondMoments) })
        {
            var bad = values is null ? -1 : Array.FindIndex(values, value => !float.IsFinite(value));
            if (bad >= 0)
                return $"{name}[{bad}] is {values![bad]}, not finite"; // A null array has no bad element.
        }

        var row = 0;
        foreach (var (name, values, columns) in new[] { ("W0", Gates, Shape.Inputs), ("W2", Ups, Shape.Inputs), ("W1", Outputs, Shape.Hidden) })
        {
            for (var at = 0; at < values.Length; at += columns, row++)
            {
                var norm = Norm(values.AsSpan(at, columns));
                if (Math.Abs(norm - RowNorms[row]) > 0.01 * RowNorms[row])
                    return $"row {at / columns} of {name} has norm {norm:g6}, its target is {RowNorms[row]:g6}: more than 1 % apart";
            }
        }

        return null;
    }

    internal static double Norm(ReadOnlySpan<float> row)
    {
        var sum = 0.0;
        foreach (var value in row)
            sum += (double)value * value;
        return Math.Sqrt(sum);
    }
}
