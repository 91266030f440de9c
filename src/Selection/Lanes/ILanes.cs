namespace EnergyTTT.Selection.Lanes;

/// <summary>
/// The few vector operations that the selector is made of, so that one text serves 512, 256 and 128 bits. Every operation rounds as IEEE 754 says
/// (fused multiply-add once), so all widths, and the CUDA kernels written after them, give the same bits.
/// </summary>
/// <typeparam name="TVector">A vector of floats.</typeparam>
internal interface ILanes<TVector>
    where TVector : struct
{
    static abstract int Count { get; }

    static abstract TVector Load(ref float source, int index);

    static abstract void Store(TVector value, ref float target, int index);

    static abstract void StoreRounded(TVector value, ref int target, int index);

    static abstract TVector All(float value);

    static abstract TVector Add(TVector left, TVector right);

    static abstract TVector Subtract(TVector left, TVector right);

    static abstract TVector Multiply(TVector left, TVector right);

    static abstract TVector Divide(TVector left, TVector right);

    /// <summary><c>a b + c</c>, rounded once.</summary>
    static abstract TVector Fuse(TVector a, TVector b, TVector c);

    /// <summary>The smaller of two numbers of which none is NaN.</summary>
    static abstract TVector Min(TVector left, TVector right);

    /// <summary>The larger of two numbers of which none is NaN.</summary>
    static abstract TVector Max(TVector left, TVector right);

    static abstract TVector Absolute(TVector value);

    /// <summary>To the nearest integer, halves to even.</summary>
    static abstract TVector Round(TVector value);

    /// <summary><c>2^n</c> for whole n in [-126, 127].</summary>
    static abstract TVector PowerOfTwo(TVector whole);

    /// <summary>Per lane <c>left &gt; right ? yes : no</c>; a NaN is not greater.</summary>
    static abstract TVector WhereGreater(TVector left, TVector right, TVector yes, TVector no);

    /// <summary>Per lane <c>left == right ? yes : no</c>.</summary>
    static abstract TVector WhereEqual(TVector left, TVector right, TVector yes, TVector no);

    /// <summary>One bit per lane that equals.</summary>
    static abstract uint EqualBits(TVector left, TVector right);

    /// <summary>The largest lane.</summary>
    static abstract float Largest(TVector value);
}
