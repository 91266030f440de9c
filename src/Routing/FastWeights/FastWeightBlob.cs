using System.Buffers.Binary;

namespace EnergyTTT.Routing.FastWeights;

/// <summary>
/// Fast weights as bytes, little-endian: a header of 64 bytes, then row-major W0, W2, W1, the row norms n0, n2, n1 (fp32), then the moments. Read all or
/// nothing: any doubt refuses the whole blob.
/// </summary>
/// <remarks>
/// Header: magic "EATW" 0, u16 version 4, u16 flags 6 (bit 0 momentum, bit 1 second moments), u32 layer 8, u32 E 12, u32 d_in 16, u32 d_h 20, u8 format 24, u8 optimiser 25,
/// 6 reserved, u64 step 32, u64 epoch 40, u64 payload bytes 48, u32 CRC-32C 56 (over header with this field 0, and payload), 4 reserved. Reserved is 0. Source: router specification 3.10.
/// </remarks>
public static class FastWeightBlob
{
    private const ushort Version = 1;
    private const int ChecksumAt = 56;

    private static ReadOnlySpan<byte> Magic => "EATW"u8;

    /// <summary>Writes a state; <see cref="FastWeightBlobHeader.BlobBytes"/> bytes.</summary>
    /// <param name="withMoments">Whether to keep the moments that the state has; without them learning resumes with momentum 0.</param>
    /// <exception cref="ArgumentException">The state has a fault (named).</exception>
    public static byte[] Write(FastWeightState state, uint layer, long epoch, FastWeightFormat format = FastWeightFormat.Fp32, bool withMoments = true)
    {
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        if (state.Fault() is { } fault)
            throw new ArgumentException($"the state cannot be written: {fault}", nameof(state));

        var sets = !withMoments || state.Momentum is null ? 0 : state.SecondMoments is null ? 1 : 2;
        var header = new FastWeightBlobHeader(layer, state.Shape, format, state.Optimiser, sets, state.Step, epoch);
        var blob = new byte[header.BlobBytes];
        WriteHeader(blob, header);
        var at = FastWeightBlobHeader.Size;
        foreach (var values in (ReadOnlySpan<float[]>)[state.Gates, state.Ups, state.Outputs])
            at = FastWeightNumbers.Write(blob, at, values, format);
        at = FastWeightNumbers.Write(blob, at, state.RowNorms, FastWeightFormat.Fp32);
        if (sets >= 1)
            at = FastWeightNumbers.Write(blob, at, state.Momentum!, format); // sets >= 1 means that it is there.
        if (sets == 2)
            FastWeightNumbers.Write(blob, at, state.SecondMoments!, format); // sets == 2 means that it is there.
        BinaryPrimitives.WriteUInt32LittleEndian(blob.AsSpan(ChecksumAt), Checksum(blob));
        return blob;
    }

    /// <summary>Reads a blob that is to fit a model, or says why not.</summary>
    /// <param name="expected">Shape that the model revision needs.</param>
    public static FastWeightBlobReading Read(ReadOnlySpan<byte> blob, FastWeightShape expected)
    {
        if (blob.Length < FastWeightBlobHeader.Size)
            return FastWeightBlobReading.Refused(BlobRefusal.TooShort, $"{blob.Length} bytes, a header alone has {FastWeightBlobHeader.Size}");
        if (!blob[..4].SequenceEqual(Magic))
            return FastWeightBlobReading.Refused(BlobRefusal.NotABlob, "it does not begin with EATW");
        if (BinaryPrimitives.ReadUInt16LittleEndian(blob[4..]) is var version && version != Version)
            return FastWeightBlobReading.Refused(BlobRefusal.Version, $"version {version}, this program reads {Version}");
        if (BinaryPrimitives.ReadUInt32LittleEndian(blob[ChecksumAt..]) != Checksum(blob))
            return FastWeightBlobReading.Refused(BlobRefusal.Checksum, "the checksum does not match: a bit has changed, or the end is missing");

        var (experts, inputs, hidden) = (UInt(blob, 12), UInt(blob, 16), UInt(blob, 20));
        if (experts != expected.Experts || inputs != expected.Inputs || hidden != expected.Hidden)
            return FastWeightBlobReading.Refused(BlobRefusal.Shape, $"E={experts}, d_in={inputs}, d_h={hidden}; the model needs {expected}");

        var flags = BinaryPrimitives.ReadUInt16LittleEndian(blob[6..]);
        var (format, optimiser) = ((FastWeightFormat)blob[24], (FastWeightOptimiser)blob[25]);
        var (step, epoch) = (BinaryPrimitives.ReadInt64LittleEndian(blob[32..]), BinaryPrimitives.ReadInt64LittleEndian(blob[40..]));
        var header = new FastWeightBlobHeader(UInt(blob, 8), expected, format, optimiser, flags == 3 ? 2 : flags, step, epoch);
        if (flags is not (0 or 1 or 3) || !Enum.IsDefined(format) || !Enum.IsDefined(optimiser) || step < 0 || epoch < 0
            || blob[26..32].ContainsAnyExcept((byte)0) || blob[60..64].ContainsAnyExcept((byte)0))
            return FastWeightBlobReading.Refused(BlobRefusal.Header, "a field of the header has a value that this version does not know");
        if (BinaryPrimitives.ReadInt64LittleEndian(blob[48..]) != header.PayloadBytes || blob.Length != header.BlobBytes)
            return FastWeightBlobReading.Refused(BlobRefusal.Length, $"{blob.Length} bytes, its header asks for {header.BlobBytes}");

        var state = ReadPayload(blob[FastWeightBlobHeader.Size..], header);
        return state.Fault() is { } fault ? FastWeightBlobReading.Refused(BlobRefusal.Content, fault) : new(state, header, null, null);
    }

    private static FastWeightState ReadPayload(ReadOnlySpan<byte> payload, FastWeightBlobHeader header)
    {
        var (shape, format) = (header.Shape, header.Format);
        var gates = FastWeightNumbers.Take(ref payload, shape.Hidden * shape.Inputs, format);
        var ups = FastWeightNumbers.Take(ref payload, shape.Hidden * shape.Inputs, format);
        var outputs = FastWeightNumbers.Take(ref payload, shape.Experts * shape.Hidden, format);
        var norms = FastWeightNumbers.Take(ref payload, shape.Rows, FastWeightFormat.Fp32);
        var momentum = header.MomentSets >= 1 ? FastWeightNumbers.Take(ref payload, shape.Weights, format) : null;
        var second = header.MomentSets == 2 ? FastWeightNumbers.Take(ref payload, shape.Weights, format) : null;
        return new(shape, header.Optimiser, header.Step, gates, ups, outputs, norms, momentum, second);
    }

    private static void WriteHeader(Span<byte> blob, FastWeightBlobHeader header)
    {
        Magic.CopyTo(blob);
        BinaryPrimitives.WriteUInt16LittleEndian(blob[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(blob[6..], (ushort)(header.MomentSets == 2 ? 3 : header.MomentSets));
        BinaryPrimitives.WriteUInt32LittleEndian(blob[8..], header.Layer);
        BinaryPrimitives.WriteUInt32LittleEndian(blob[12..], (uint)header.Shape.Experts);
        BinaryPrimitives.WriteUInt32LittleEndian(blob[16..], (uint)header.Shape.Inputs);
        BinaryPrimitives.WriteUInt32LittleEndian(blob[20..], (uint)header.Shape.Hidden);
        (blob[24], blob[25]) = ((byte)header.Format, (byte)header.Optimiser);
        BinaryPrimitives.WriteInt64LittleEndian(blob[32..], header.Step);
        BinaryPrimitives.WriteInt64LittleEndian(blob[40..], header.Epoch);
        BinaryPrimitives.WriteInt64LittleEndian(blob[48..], header.PayloadBytes);
    }

    private static uint Checksum(ReadOnlySpan<byte> blob)
    {
        var crc = Crc32C.Append(Crc32C.Start, blob[..ChecksumAt]);
        crc = Crc32C.Append(crc, [0, 0, 0, 0]);
        return Crc32C.Finish(Crc32C.Append(crc, blob[(ChecksumAt + 4)..]));
    }

    private static uint UInt(ReadOnlySpan<byte> blob, int at) => BinaryPrimitives.ReadUInt32LittleEndian(blob[at..]);
}
