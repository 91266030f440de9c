namespace EnergyTTT.Routing.FastWeights;

/// <summary>The number format of the weights and moments in a blob. Row norms are always fp32.</summary>
public enum FastWeightFormat
{
    /// <summary>IEEE single precision; a round trip is bit-exact.</summary>
    Fp32 = 0,

    /// <summary>bfloat16, rounded to nearest even; relative error of a round trip at most 2^-8 per weight.</summary>
    Bf16 = 1,
}

/// <summary>What a blob says about itself.</summary>
/// <param name="Layer">The layer of the model that the router steers, from 0.</param>
/// <param name="Shape">Sizes of the matrices.</param>
/// <param name="Format">Number format of weights and moments.</param>
/// <param name="Optimiser">How the network learned.</param>
/// <param name="MomentSets">0: none; 1: momentum; 2: momentum and second moments (AdamW).</param>
/// <param name="Step">Updates so far, 0 or more.</param>
/// <param name="Epoch">Number of the last bias epoch, 0 or more.</param>
public readonly record struct FastWeightBlobHeader(
    uint Layer, FastWeightShape Shape, FastWeightFormat Format, FastWeightOptimiser Optimiser, int MomentSets, long Step, long Epoch)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 64;

    /// <summary><c>s (2 d_h d_in + E d_h)(1 + moment sets) + 4 (2 d_h + E)</c> bytes, s = 4 or 2.</summary>
    public long PayloadBytes => ((Format == FastWeightFormat.Fp32 ? 4L : 2L) * Shape.Weights * (1 + MomentSets)) + (4L * Shape.Rows);

    /// <summary>Bytes of the whole blob: 64 and the payload.</summary>
    public long BlobBytes => Size + PayloadBytes;
}
