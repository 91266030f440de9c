namespace EnergyTTT.Routing.FastWeights;

/// <summary>Stable codes for why a blob was refused.</summary>
public enum BlobRefusal
{
    /// <summary>Shorter than a header.</summary>
    TooShort,

    /// <summary>Another kind of file.</summary>
    NotABlob,

    /// <summary>A version that this program does not read.</summary>
    Version,

    /// <summary>CRC-32C does not match.</summary>
    Checksum,

    /// <summary>Made for a model of other sizes.</summary>
    Shape,

    /// <summary>A header field has an unknown value.</summary>
    Header,

    /// <summary>More or fewer bytes than the header says.</summary>
    Length,

    /// <summary>A number is not finite, or a row norm is more than 1 % off its target.</summary>
    Content,
}

/// <summary>The outcome of reading a blob: a whole state and its header, or a refusal; never a part. On refusal start neutral (b = 0) and raise an event.</summary>
/// <param name="State">The state; <see langword="null"/> when refused.</param>
/// <param name="Header">The header; <see langword="null"/> when refused.</param>
/// <param name="Refusal">Why it was refused; <see langword="null"/> when read.</param>
/// <param name="Detail">The same for a person.</param>
public sealed record FastWeightBlobReading(FastWeightState? State, FastWeightBlobHeader? Header, BlobRefusal? Refusal, string? Detail)
{
    internal static FastWeightBlobReading Refused(BlobRefusal refusal, string detail) => new(null, null, refusal, detail);
}
