using System.Runtime.Intrinsics;
using EnergyTTT.Selection.Lanes;
using EnergyTTT.Selection.Rows;
using EnergyTTT.Selection.Tests.Oracles;

namespace EnergyTTT.Selection.Tests.Rows;

public class RowKernelTests
{
    [Fact]
    public void The_exponential_is_within_two_parts_in_ten_million_and_exact_at_zero()
    {
        var random = new Random(1);
        var keys = new float[16_384];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = i == 0 ? 0 : -87 * random.NextSingle() * random.NextSingle();
        }

        var scores = new float[keys.Length];
        RowMath.Softmax(keys, 0, scores);

        Assert.Equal(1f, scores[0]);
        for (var i = 0; i < keys.Length; i++)
        {
            Assert.InRange(scores[i] / Math.Exp(keys[i]), 1 - 2e-7, 1 + 2e-7);
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(64)]
    [InlineData(80)]
    [InlineData(256)]
    public void Every_width_gives_the_same_bits(int length)
    {
        var random = new Random(length);
        for (var kind = 0; kind < GateSamples.Kinds; kind++)
        {
            var logits = GateSamples.Make(random, 1, length, kind);
            var wide = Run<Lanes512, Vector512<float>>(logits);
            var half = Run<Lanes256, Vector256<float>>(logits);
            var narrow = Run<Lanes128, Vector128<float>>(logits);

            Assert.Equal(wide, half);
            Assert.Equal(wide, narrow);
        }
    }

    private static List<int> Run<TLanes, TVector>(float[] logits)
        where TLanes : ILanes<TVector>
        where TVector : struct
    {
        var bits = new List<int>();
        void Note(float[] values) => bits.AddRange(values.Select(BitConverter.SingleToInt32Bits));
        var keys = logits.ToArray();
        var largest = RowKernel<TLanes, TVector>.Clean(keys, keys);
        Note(keys);
        var scores = new float[keys.Length];
        if (float.IsFinite(largest) && largest > Row.Masked)
        {
            RowKernel<TLanes, TVector>.Softmax(keys, largest, scores);
            Note(scores);
            Note([RowKernel<TLanes, TVector>.Sum(scores)]);
        }

        var shares = new int[keys.Length];
        RowKernel<TLanes, TVector>.Sigmoid(keys, scores);
        Note(scores);
        RowKernel<TLanes, TVector>.Quantise(scores, 12345.678f, 10_000, shares);
        bits.AddRange(shares);
        var (first, second) = RowKernel<TLanes, TVector>.TopTwo(keys);
        Note([first, second]);
        var moved = new float[keys.Length];
        RowKernel<TLanes, TVector>.Shift(keys, scores, moved);
        Note(moved);
        RowKernel<TLanes, TVector>.Scale(keys, scores, 0.3f, moved);
        Note(moved);
        RowKernel<TLanes, TVector>.Cap(keys, moved, moved);
        Note(moved);
        var chosen = new int[9];
        bits.Add(RowKernel<TLanes, TVector>.Take(keys, chosen));
        bits.AddRange(chosen);

        return bits;
    }
}
