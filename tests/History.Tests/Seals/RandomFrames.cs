using CsCheck;
using EnergyTTT.History.Seals;

namespace EnergyTTT.History.Tests.Seals;

/// <summary>Columns as agents send them, and columns that nobody would send: whatever fits the types must come back bit for bit.</summary>
internal static class RandomFrames
{
    private static readonly double[] Odd = [0d, -0d, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, double.MinValue, 1d / 3];

    /// <summary>0 to 400 frames; each column has a habit of its own, and lacks none, some or all of its values.</summary>
    public static Gen<FrameColumns> Any { get; } = Gen.Select(Gen.Int[0, 400], Gen.Int[0, int.MaxValue]).Select(Make);

    private static FrameColumns Make(int count, int seed)
    {
        var random = new Random(seed);
        var frames = new FrameColumns();
        var habits = Enumerable.Range(0, FrameColumnFacts.Count).Select(_ => (Lacking: random.Next(4), Kind: random.Next(8))).ToArray();
        for (var row = 0; row < count; row++)
        {
            frames.AddRow();
            for (var column = (FrameColumn)0; (int)column < FrameColumnFacts.Count; column++)
            {
                var (lacking, kind) = habits[(int)column];
                var required = column is FrameColumn.Time or FrameColumn.Received or FrameColumn.Sequence or FrameColumn.Boot or FrameColumn.Seconds or FrameColumn.Origin;
                if (required || lacking == 0 || (lacking == 1 && random.Next(3) > 0) || (lacking == 2 && random.Next(50) > 0))
                {
                    frames.Put(column, column.IsReal() ? BitConverter.DoubleToInt64Bits(Real(kind, row, random)) : Whole(kind, row, random));
                }
            }
        }

        return frames;
    }

    private static double Real(int kind, int row, Random random) => kind switch
    {
        0 => 700,
        1 => random.Next(700_000) / 1000d,
        2 => 40 + random.Next(30),
        3 => random.Next(14_000_000) / 1000d / random.Next(1, 21),
        4 => random.NextDouble() * 700,
        5 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
        6 => Odd[random.Next(Odd.Length)],
        _ => (row / 10) + (random.Next(20) == 0 ? Math.PI : 0.5),
    };

    private static long Whole(int kind, int row, Random random) => kind switch
    {
        0 => 7,
        1 => random.Next(1000),
        2 => (long)random.Next(80_000) << 20,
        3 => random.NextInt64(long.MinValue, long.MaxValue),
        4 => random.Next(2) == 0 ? long.MinValue : long.MaxValue,
        5 => 848_000_000_000_000_000 + (row * 1_000_000L) + random.Next(50),
        _ => row * 3L,
    };
}
