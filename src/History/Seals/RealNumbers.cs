namespace EnergyTTT.History.Seals;

/// <summary>
/// Doubles, bit for bit. Readings are decimals of a few places that went through a few floating-point operations: most are within some steps of the last place of
/// <c>k / 10^e</c>, or of <c>k / 10^e / n</c> for means of n. Whole k and the few steps are small; the true bits are the sum. (After ALP: Afroozeh, Kuffó, Boncz,
/// SIGMOD 2023, with the distance in last places instead of exceptions.) Doubles that are no decimals are kept as a list of the distinct ones, or by what
/// changes from one to the next (Gorilla: Pelkonen et al., VLDB 2015, by bytes).
/// </summary>
internal static class RealNumbers
{
    private const int MostPlaces = 9;
    private const long NearSteps = 64;
    private const int MostDistinct = 4096;
    private const double MostWhole = 1L << 53;
    private static readonly double[] Powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

    private enum Form : byte
    {
        Decimals = 0,
        Distinct = 1,
        Changes = 2,
    }

    /// <param name="bits">The doubles.</param>
    /// <param name="divisors">What each may be the mean of; empty: nothing.</param>
    public static void Write(ByteWriter to, ReadOnlySpan<long> bits, ReadOnlySpan<long> divisors)
    {
        var (places, near) = Places(bits, []);
        var divided = false;
        if (near < bits.Length && !divisors.IsEmpty && Places(bits, divisors) is var mean && mean.Near > near)
        {
            (places, near) = mean;
            divided = true;
        }

        // Beyond one in twenty, doubles that are no decimals cost more as such than all of them another way.
        if (near >= bits.Length * 0.95)
        {
            WriteDecimals(to, bits, divided ? divisors : [], places);
        }
        else if (!WriteDistinct(to, bits))
        {
            to.Byte((byte)Form.Changes);
            var changes = new ulong[bits.Length];
            for (var i = 0; i < changes.Length; i++)
            {
                changes[i] = (ulong)(bits[i] ^ (i > 0 ? bits[i - 1] : 0));
            }

            to.Planes(changes);
        }
    }

    public static long[] Read(ref ByteReader from, int count, ReadOnlySpan<long> divisors)
    {
        switch ((Form)from.Byte())
        {
            case Form.Decimals:
                return ReadDecimals(ref from, count, divisors);
            case Form.Distinct:
                return ReadDistinct(ref from, count);
            case Form.Changes:
                var changes = from.Planes(count);
                var bits = new long[count];
                for (var i = 0; i < count; i++)
                {
                    bits[i] = (long)changes[i] ^ (i > 0 ? bits[i - 1] : 0);
                }

                return bits;
            default:
                throw ByteReader.Broken("doubles have an unknown form");
        }
    }

    private static void WriteDecimals(ByteWriter to, ReadOnlySpan<long> bits, ReadOnlySpan<long> divisors, int places)
    {
        var wholes = new long[bits.Length];
        var steps = new ulong[bits.Length];
        for (var i = 0; i < bits.Length; i++)
        {
            var divisor = Divisor(divisors, i);
            wholes[i] = Whole(bits[i], divisor, places) ?? (i > 0 ? wholes[i - 1] : 0);
            steps[i] = ZigZag.Encode(unchecked(bits[i] - Nearby(wholes[i], divisor, places)));
        }

        to.Byte((byte)Form.Decimals);
        to.Byte((byte)places);
        to.Byte(divisors.IsEmpty ? (byte)0 : (byte)1);
        WholeNumbers.Write(to, wholes);
        to.Planes(steps);
    }

    private static long[] ReadDecimals(ref ByteReader from, int count, ReadOnlySpan<long> divisors)
    {
        var places = from.Byte();
        var divided = from.Byte() != 0;
        if (places > MostPlaces || (divided && divisors.Length != count))
        {
            throw ByteReader.Broken("decimals do not say how they are scaled");
        }

        var bits = WholeNumbers.Read(ref from, count);
        var steps = from.Planes(count);
        for (var i = 0; i < count; i++)
        {
            bits[i] = unchecked(Nearby(bits[i], divided ? Divisor(divisors, i) : 1, places) + ZigZag.Decode(steps[i]));
        }

        return bits;
    }

    private static bool WriteDistinct(ByteWriter to, ReadOnlySpan<long> bits)
    {
        var places = new Dictionary<long, int>();
        var most = Math.Min(MostDistinct, bits.Length / 4);
        var which = new ulong[bits.Length];
        for (var i = 0; i < bits.Length; i++)
        {
            if (!places.TryGetValue(bits[i], out var place))
            {
                if (places.Count >= most)
                {
                    return false;
                }

                places[bits[i]] = place = places.Count;
            }

            which[i] = (ulong)place;
        }

        to.Byte((byte)Form.Distinct);
        to.Varint((ulong)places.Count);
        foreach (var distinct in places.Keys)
        {
            to.Fixed(distinct);
        }

        to.Planes(which);
        return true;
    }

    private static long[] ReadDistinct(ref ByteReader from, int count)
    {
        var distinct = new long[from.Length(MostDistinct)];
        for (var i = 0; i < distinct.Length; i++)
        {
            distinct[i] = from.Fixed();
        }

        var which = from.Planes(count);
        var bits = new long[count];
        for (var i = 0; i < count; i++)
        {
            bits[i] = which[i] < (ulong)distinct.Length ? distinct[which[i]] : throw ByteReader.Broken("a double is none of those listed");
        }

        return bits;
    }

    /// <summary>The fewest decimal places with which the most doubles are near.</summary>
    private static (int Places, int Near) Places(ReadOnlySpan<long> bits, ReadOnlySpan<long> divisors)
    {
        var best = (Places: 0, Near: -1);
        for (var places = 0; places <= MostPlaces && best.Near < bits.Length; places++)
        {
            var near = 0;
            for (var i = 0; i < bits.Length; i++)
            {
                var divisor = Divisor(divisors, i);
                near += Whole(bits[i], divisor, places) is { } whole && ZigZag.Encode(unchecked(bits[i] - Nearby(whole, divisor, places))) <= (ulong)NearSteps ? 1 : 0;
            }

            if (near > best.Near)
            {
                best = (places, near);
            }
        }

        return best;
    }

    private static long Divisor(ReadOnlySpan<long> divisors, int i) => divisors.IsEmpty || divisors[i] == 0 ? 1 : divisors[i];

    private static long? Whole(long bits, long divisor, int places)
    {
        var scaled = Math.Round(BitConverter.Int64BitsToDouble(bits) * divisor * Powers[places]);
        return Math.Abs(scaled) < MostWhole ? (long)scaled : null;
    }

    // The same two divisions on every machine: IEEE 754 rounds each of them in one way only.
    private static long Nearby(long whole, long divisor, int places) => BitConverter.DoubleToInt64Bits(whole / Powers[places] / divisor);
}
