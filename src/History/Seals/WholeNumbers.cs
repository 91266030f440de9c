using System.Numerics;

namespace EnergyTTT.History.Seals;

/// <summary>
/// Whole numbers as their distance from the least, their differences, or the differences of those, whichever is smaller: a clock that ticks evenly is all zeros
/// the second way, a counter of even pace the third. A common unit (megabytes, 15 MHz) is divided out. Arithmetic wraps, so any numbers do.
/// </summary>
internal static class WholeNumbers
{
    private const int MostOrder = 2;

    public static void Write(ByteWriter to, ReadOnlySpan<long> numbers)
    {
        var steps = new long[numbers.Length];
        var best = 0;
        var least = double.PositiveInfinity;
        for (var order = 0; order <= MostOrder; order++)
        {
            Difference(numbers, order, steps);
            var bits = 0d;
            foreach (var step in steps)
            {
                bits += 64 - BitOperations.LeadingZeroCount(ZigZag.Encode(step));
            }

            if (bits < least)
            {
                (best, least) = (order, bits);
            }
        }

        var (first, second) = Difference(numbers, best, steps);
        var unit = Unit(steps);
        to.Byte((byte)best);
        to.Signed(first);
        to.Signed(second);
        to.Varint((ulong)unit);
        var scaled = new ulong[steps.Length];
        for (var i = 0; i < scaled.Length; i++)
        {
            scaled[i] = ZigZag.Encode(steps[i] / unit);
        }

        to.Planes(scaled);
    }

    public static long[] Read(ref ByteReader from, int count)
    {
        var order = from.Byte();
        if (order > MostOrder)
        {
            throw ByteReader.Broken($"differences of order {order}");
        }

        var (value, step) = (from.Signed(), from.Signed());
        var unit = (long)from.Varint();
        var scaled = from.Planes(count);
        var numbers = new long[count];
        for (var i = 0; i < count; i++)
        {
            var next = unchecked(ZigZag.Decode(scaled[i]) * unit);
            if (order == 0)
            {
                numbers[i] = unchecked(value + next);
                continue;
            }

            // The first number, and of second differences the first step, stand in front; their places hold 0.
            step = order == 1 ? next : i < 2 ? step : unchecked(step + next);
            value = i == 0 ? value : unchecked(value + step);
            numbers[i] = value;
        }

        return numbers;
    }

    /// <summary>Fills <paramref name="steps"/>; answers what stands in front.</summary>
    private static (long First, long Second) Difference(ReadOnlySpan<long> numbers, int order, Span<long> steps)
    {
        if (numbers.IsEmpty)
        {
            return (0, 0);
        }

        if (order == 0)
        {
            var least = long.MaxValue;
            foreach (var number in numbers)
            {
                least = Math.Min(least, number);
            }

            for (var i = 0; i < steps.Length; i++)
            {
                steps[i] = unchecked(numbers[i] - least);
            }

            return (least, 0);
        }

        var second = order == 2 && numbers.Length > 1 ? unchecked(numbers[1] - numbers[0]) : 0;
        var before = second;
        steps[0] = 0;
        for (var i = 1; i < steps.Length; i++)
        {
            var step = unchecked(numbers[i] - numbers[i - 1]);
            steps[i] = order == 1 ? step : unchecked(step - before);
            before = step;
        }

        return (numbers[0], second);
    }

    /// <summary>The greatest number that divides all steps; 1 when there is none to speak of.</summary>
    private static long Unit(ReadOnlySpan<long> steps)
    {
        var unit = 0UL;
        foreach (var step in steps)
        {
            unit = Divisor(unit, step < 0 ? unchecked((ulong)-step) : (ulong)step);
            if (unit == 1)
            {
                break;
            }
        }

        return unit is 0 or > long.MaxValue ? 1 : (long)unit;
    }

    private static ulong Divisor(ulong a, ulong b)
    {
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return a;
    }
}
