using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using EnergyTTT.Routing.FastWeights;

namespace EnergyTTT.Routing.Tests.FastWeights;

public sealed class FastWeightBlobTests
{
    [Theory]
    [InlineData(8, 64, FastWeightFormat.Fp32, 70_240)]
    [InlineData(16, 64, FastWeightFormat.Fp32, 74_368)]
    [InlineData(32, 64, FastWeightFormat.Fp32, 82_624)]
    [InlineData(64, 64, FastWeightFormat.Fp32, 99_136)]
    [InlineData(128, 64, FastWeightFormat.Fp32, 132_160)]
    [InlineData(256, 64, FastWeightFormat.Fp32, 198_208)]
    [InlineData(8, 64, FastWeightFormat.Bf16, 18_016)]
    [InlineData(16, 64, FastWeightFormat.Bf16, 19_072)]
    [InlineData(32, 64, FastWeightFormat.Bf16, 21_184)]
    [InlineData(64, 64, FastWeightFormat.Bf16, 25_408)]
    [InlineData(128, 64, FastWeightFormat.Bf16, 33_856)]
    [InlineData(256, 64, FastWeightFormat.Bf16, 50_752)]
    [InlineData(8, 128, FastWeightFormat.Fp32, 271_456)]
    [InlineData(16, 128, FastWeightFormat.Fp32, 279_680)]
    [InlineData(32, 128, FastWeightFormat.Fp32, 296_128)]
    [InlineData(64, 128, FastWeightFormat.Fp32, 329_024)]
    [InlineData(128, 128, FastWeightFormat.Fp32, 394_816)]
    [InlineData(256, 128, FastWeightFormat.Fp32, 526_400)]
    public void The_size_is_exact(int experts, int width, FastWeightFormat format, int bytes)
    {
        var state = Trained(new(experts, width, width));

        // The published table: fp32 with momentum, bf16 without.
        var blob = FastWeightBlob.Write(state, layer: 3, epoch: 7, format, withMoments: format == FastWeightFormat.Fp32);

        Assert.Equal(bytes, blob.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_round_trip_in_single_precision_is_bit_exact(bool muon)
    {
        var state = Trained(new(16, 12, 10), muon);

        var reading = FastWeightBlob.Read(FastWeightBlob.Write(state, 5, 41), state.Shape);

        Assert.Null(reading.Refusal);
        FastWeightNetworkTests.AssertSame(state, reading.State!);
        Assert.Equal(new FastWeightBlobHeader(5, state.Shape, FastWeightFormat.Fp32, state.Optimiser, muon ? 1 : 2, state.Step, 41), reading.Header);
    }

    [Fact]
    public void A_round_trip_in_bfloat16_loses_at_most_one_part_in_256()
    {
        var state = Trained(new(16, 12, 10));

        var read = FastWeightBlob.Read(FastWeightBlob.Write(state, 0, 0, FastWeightFormat.Bf16), state.Shape).State!;

        Assert.All(state.Outputs.Concat(state.Momentum!).Zip(read.Outputs.Concat(read.Momentum!)), pair =>
            Assert.True(Math.Abs(pair.First - pair.Second) <= Math.Abs(pair.First) / 256, $"{pair.First} became {pair.Second}"));
        Assert.Equal(state.RowNorms, read.RowNorms);
    }

    [Theory]
    [InlineData(1.0f, 0x3f80)]
    [InlineData(1.00390625f, 0x3f80)] // Half way between two: to the even one below.
    [InlineData(1.01171875f, 0x3f82)] // Half way between two: to the even one above.
    [InlineData(-0.0f, 0x8000)]
    [InlineData(float.NegativeInfinity, 0xff80)]
    public void Bfloat16_rounds_to_nearest_even(float value, int bits)
    {
        Assert.Equal(bits, FastWeightNumbers.ToBFloat16(value));
    }

    [Fact]
    public void Every_single_flipped_bit_is_refused()
    {
        var state = Trained(new(2, 3, 2));
        var blob = FastWeightBlob.Write(state, 1, 2);

        for (var bit = 0; bit < blob.Length * 8; bit++)
        {
            blob[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.True(FastWeightBlob.Read(blob, state.Shape).Refusal is not null, $"bit {bit} flipped and nobody saw");
            blob[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Null(FastWeightBlob.Read(blob, state.Shape).Refusal);
    }

    [Fact]
    public void Every_cut_and_every_addition_is_refused()
    {
        var state = Trained(new(2, 3, 2));
        var blob = FastWeightBlob.Write(state, 1, 2);

        Assert.All(Enumerable.Range(0, blob.Length), length => Assert.NotNull(FastWeightBlob.Read(blob.AsSpan(0, length), state.Shape).Refusal));
        Assert.NotNull(FastWeightBlob.Read([.. blob, 0], state.Shape).Refusal);
    }

    [Fact]
    public void A_blob_of_another_model_version_or_kind_is_refused_by_its_own_code()
    {
        var state = Trained(new(4, 3, 2));
        var blob = FastWeightBlob.Write(state, 1, 2);

        Assert.Equal(BlobRefusal.Shape, FastWeightBlob.Read(blob, new(8, 3, 2)).Refusal);
        Assert.Equal(BlobRefusal.TooShort, FastWeightBlob.Read(blob.AsSpan(0, 63), state.Shape).Refusal);
        Assert.Equal(BlobRefusal.NotABlob, FastWeightBlob.Read(Changed(blob, b => b[0] = (byte)'X'), state.Shape).Refusal);
        Assert.Equal(BlobRefusal.Version, FastWeightBlob.Read(Changed(blob, b => b[4] = 2), state.Shape).Refusal);
        Assert.Equal(BlobRefusal.Header, FastWeightBlob.Read(Changed(blob, b => b[24] = 9), state.Shape).Refusal);
        Assert.Equal(BlobRefusal.Header, FastWeightBlob.Read(Changed(blob, b => b[30] = 1), state.Shape).Refusal);
        Assert.Equal(BlobRefusal.Length, FastWeightBlob.Read(Changed(blob, b => b[6] = 0), state.Shape).Refusal);
    }

    [Fact]
    public void Weights_that_are_not_finite_or_have_left_their_norms_are_refused_even_with_a_right_checksum()
    {
        var state = Trained(new(4, 3, 2));
        var blob = FastWeightBlob.Write(state, 1, 2);

        var infinite = Changed(blob, b => BinaryPrimitives.WriteSingleLittleEndian(b.AsSpan(64), float.PositiveInfinity));
        var grown = Changed(blob, b => BinaryPrimitives.WriteSingleLittleEndian(b.AsSpan(64), state.Gates[0] + 1));

        Assert.Equal(BlobRefusal.Content, FastWeightBlob.Read(infinite, state.Shape).Refusal);
        Assert.Equal(BlobRefusal.Content, FastWeightBlob.Read(grown, state.Shape).Refusal);
        Assert.Contains("1 % apart", FastWeightBlob.Read(grown, state.Shape).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void The_checksum_is_castagnolis()
    {
        Assert.Equal(0xE3069283u, Crc32C.Finish(Crc32C.Append(Crc32C.Start, "123456789"u8)));
        Assert.Equal(0x8A9136AAu, Crc32C.Finish(Crc32C.Append(Crc32C.Start, new byte[32])));
    }

    [Fact]
    public void A_sidecar_survives_json_and_knows_its_blob()
    {
        var blob = FastWeightBlob.Write(Trained(new(2, 3, 2)), 1, 2);
        var sidecar = new FastWeightSidecar("router/qwen/17", "rev-3", 9, "ab12", [0.5, 1], [1, 2], 0.1, 0.2, [0.01, -0.01], 123_456, null, FastWeightSidecar.Digest(blob));

        var read = FastWeightSidecar.Parse(sidecar.ToJson());

        Assert.Contains("\"router_id\":\"router/qwen/17\"", sidecar.ToJson(), StringComparison.Ordinal);
        Assert.Equal(sidecar.ToJson(), read.ToJson());
        Assert.True(read.BelongsTo(blob));
        blob[70] ^= 1;
        Assert.False(read.BelongsTo(blob));
        Assert.Throws<JsonException>(() => FastWeightSidecar.Parse("{}"));
    }

    private static FastWeightState Trained(FastWeightShape shape, bool muon = true)
    {
        using var network = new FastWeightNetwork(shape, new() { MuonEnabled = muon });
        network.Update(FastWeightNetworkTests.Numbers(5 * shape.Inputs, 1), FastWeightNetworkTests.Numbers(5 * shape.Experts, 2));
        return network.Snapshot();
    }

    /// <summary>A changed copy with its checksum made right again, so that only the change itself can be the reason of a refusal.</summary>
    private static byte[] Changed(byte[] blob, Action<byte[]> change)
    {
        var copy = (byte[])blob.Clone();
        change(copy);
        BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(56), 0);
        BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(56), Crc32C.Finish(Crc32C.Append(Crc32C.Start, copy)));
        return copy;
    }
}
