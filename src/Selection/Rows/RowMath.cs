using System.Runtime.Intrinsics;
using Eight = EnergyTTT.Selection.Rows.RowKernel<EnergyTTT.Selection.Lanes.Lanes256, System.Runtime.Intrinsics.Vector256<float>>;
using Four = EnergyTTT.Selection.Rows.RowKernel<EnergyTTT.Selection.Lanes.Lanes128, System.Runtime.Intrinsics.Vector128<float>>;
using Sixteen = EnergyTTT.Selection.Rows.RowKernel<EnergyTTT.Selection.Lanes.Lanes512, System.Runtime.Intrinsics.Vector512<float>>;

namespace EnergyTTT.Selection.Rows;

/// <summary>The row loops at the widest vectors of this processor; the tests are compile-time constants to the JIT.</summary>
internal static class RowMath
{
    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Clean"/>
    public static float Clean(ReadOnlySpan<float> logits, Span<float> keys) =>
        Vector512.IsHardwareAccelerated ? Sixteen.Clean(logits, keys) : Vector256.IsHardwareAccelerated ? Eight.Clean(logits, keys) : Four.Clean(logits, keys);

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Softmax"/>
    public static void Softmax(ReadOnlySpan<float> keys, float largest, Span<float> scores)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Sixteen.Softmax(keys, largest, scores);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Eight.Softmax(keys, largest, scores);
        }
        else
        {
            Four.Softmax(keys, largest, scores);
        }
    }

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Sigmoid"/>
    public static void Sigmoid(ReadOnlySpan<float> keys, Span<float> scores)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Sixteen.Sigmoid(keys, scores);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Eight.Sigmoid(keys, scores);
        }
        else
        {
            Four.Sigmoid(keys, scores);
        }
    }

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.AbsentExperts"/>
    public static double AbsentExperts(ReadOnlySpan<float> absence) =>
        Vector512.IsHardwareAccelerated ? Sixteen.AbsentExperts(absence)
        : Vector256.IsHardwareAccelerated ? Eight.AbsentExperts(absence)
        : Four.AbsentExperts(absence);

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Sum"/>
    public static float Sum(ReadOnlySpan<float> values) =>
        Vector512.IsHardwareAccelerated ? Sixteen.Sum(values) : Vector256.IsHardwareAccelerated ? Eight.Sum(values) : Four.Sum(values);

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Shift"/>
    public static void Shift(ReadOnlySpan<float> plain, ReadOnlySpan<float> bias, Span<float> keys)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Sixteen.Shift(plain, bias, keys);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Eight.Shift(plain, bias, keys);
        }
        else
        {
            Four.Shift(plain, bias, keys);
        }
    }

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Scale"/>
    public static void Scale(ReadOnlySpan<float> logits, ReadOnlySpan<float> scores, float factor, Span<float> keys)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Sixteen.Scale(logits, scores, factor, keys);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Eight.Scale(logits, scores, factor, keys);
        }
        else
        {
            Four.Scale(logits, scores, factor, keys);
        }
    }

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Quantise"/>
    public static void Quantise(ReadOnlySpan<float> scores, float factor, float limit, Span<int> shares)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Sixteen.Quantise(scores, factor, limit, shares);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Eight.Quantise(scores, factor, limit, shares);
        }
        else
        {
            Four.Quantise(scores, factor, limit, shares);
        }
    }

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Cap"/>
    public static void Cap(ReadOnlySpan<float> keys, ReadOnlySpan<float> caps, Span<float> capped)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Sixteen.Cap(keys, caps, capped);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Eight.Cap(keys, caps, capped);
        }
        else
        {
            Four.Cap(keys, caps, capped);
        }
    }

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.IndexOfLargest"/>
    public static int IndexOfLargest(ReadOnlySpan<float> keys) =>
        Vector512.IsHardwareAccelerated ? Sixteen.IndexOfLargest(keys)
        : Vector256.IsHardwareAccelerated ? Eight.IndexOfLargest(keys)
        : Four.IndexOfLargest(keys);

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Take"/>
    public static int Take(Span<float> keys, Span<int> chosen) =>
        Vector512.IsHardwareAccelerated ? Sixteen.Take(keys, chosen)
        : Vector256.IsHardwareAccelerated ? Eight.Take(keys, chosen)
        : Four.Take(keys, chosen);

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.TopTwo"/>
    public static (float First, float Second) TopTwo(ReadOnlySpan<float> keys) =>
        Vector512.IsHardwareAccelerated ? Sixteen.TopTwo(keys) : Vector256.IsHardwareAccelerated ? Eight.TopTwo(keys) : Four.TopTwo(keys);

    /// <inheritdoc cref="RowKernel{TLanes, TVector}.Tilt"/>
    public static (float Tilted, float Moved) Tilt(ReadOnlySpan<float> scores, ReadOnlySpan<float> growth, ReadOnlySpan<float> bias) =>
        Vector512.IsHardwareAccelerated ? Sixteen.Tilt(scores, growth, bias)
        : Vector256.IsHardwareAccelerated ? Eight.Tilt(scores, growth, bias)
        : Four.Tilt(scores, growth, bias);
}
