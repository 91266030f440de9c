using CsCheck;
using EnergyTTT.History.Seals;
using Xunit;

namespace EnergyTTT.History.Tests.Seals;

public sealed class FrameCodecTests
{
    [Fact]
    public void Whatever_is_sealed_comes_back_bit_for_bit() =>
        RandomFrames.Any.Sample(frames => AssertSame(frames, FrameCodec.Open(FrameCodec.Encode(frames))), iter: 400, threads: 2);

    [Fact]
    public void Decimals_of_a_sensor_take_less_than_two_bytes_and_constants_take_nothing()
    {
        var random = new Random(5);
        var frames = new FrameColumns();
        for (var second = 0; second < 3600; second++)
        {
            frames.AddRow();
            frames.Put(FrameColumn.Time, second * 1_000_000L);
            frames.Put(FrameColumn.Received, (second * 1_000_000L) + 20_000);
            frames.Put(FrameColumn.Sequence, second);
            frames.Put(FrameColumn.PowerMaxWatts, (600_000 + random.Next(-8000, 8000)) / 1000d);
            frames.Put(FrameColumn.PowerLimitWatts, 700d);
        }

        var opened = FrameCodec.Open(FrameCodec.Encode(frames));

        Assert.True(opened.PackedBytes(FrameColumn.PowerMaxWatts) < 2 * 3600, $"{opened.PackedBytes(FrameColumn.PowerMaxWatts)} bytes");
        Assert.True(opened.PackedBytes(FrameColumn.PowerLimitWatts) <= 10, $"{opened.PackedBytes(FrameColumn.PowerLimitWatts)} bytes");
        Assert.True(opened.PackedBytes(FrameColumn.Time) <= 40, $"{opened.PackedBytes(FrameColumn.Time)} bytes");
        AssertSame(frames, opened);
    }

    [Fact]
    public void Mean_power_that_is_energy_over_seconds_and_a_peak_that_is_the_mean_are_not_stored_again()
    {
        var random = new Random(6);
        var frames = new FrameColumns();
        for (var second = 0; second < 1000; second++)
        {
            var (joules, length) = (random.NextDouble() * 600, 1 + (random.Next(-500, 500) / 1e6));
            frames.AddRow();
            frames.Put(FrameColumn.Seconds, length);
            frames.Put(FrameColumn.EnergyJoules, joules);
            frames.Put(FrameColumn.PowerAverageWatts, joules / length);
            frames.Put(FrameColumn.PowerMaxWatts, joules / length);
        }

        var opened = FrameCodec.Open(FrameCodec.Encode(frames));

        Assert.True(opened.PackedBytes(FrameColumn.PowerMaxWatts) <= 4, $"{opened.PackedBytes(FrameColumn.PowerMaxWatts)} bytes");
        Assert.True(opened.PackedBytes(FrameColumn.PowerAverageWatts) <= 4, $"{opened.PackedBytes(FrameColumn.PowerAverageWatts)} bytes");
        AssertSame(frames, opened);
    }

    [Fact]
    public void Sorting_puts_frames_by_time_boot_and_sequence_and_leaves_the_first_of_equals()
    {
        var frames = new FrameColumns(1);
        foreach (var (time, boot, sequence, joules) in new[] { (2L, 1, 7, 1d), (1, 2, 0, 2), (1, 1, 5, 3), (1, 1, 4, 4), (2, 1, 7, 5) })
        {
            frames.AddRow();
            frames.Put(FrameColumn.Time, time);
            frames.Put(FrameColumn.Boot, boot);
            frames.Put(FrameColumn.Sequence, sequence);
            frames.Put(FrameColumn.EnergyJoules, joules);
        }

        var sorted = frames.Sorted();

        Assert.Equal(4, sorted.Count);
        Assert.Equal([4d, 3, 2, 1], Enumerable.Range(0, 4).Select(row => sorted[FrameColumn.EnergyJoules].Real(row)));
    }

    [Fact]
    public void Damaged_bytes_are_refused_in_words_and_never_read_beyond_their_end() =>
        Gen.Select(RandomFrames.Any, Gen.Int[0, int.MaxValue], Gen.Bool).Sample(
            (frames, place, cut) =>
            {
                var bytes = FrameCodec.Encode(frames);
                if (cut)
                {
                    bytes = bytes[..(place % bytes.Length)];
                }
                else
                {
                    bytes[place % bytes.Length] ^= (byte)(1 + (place % 255));
                }

                try
                {
                    var opened = FrameCodec.Open(bytes);
                    for (var column = (FrameColumn)0; (int)column < FrameColumnFacts.Count; column++)
                    {
                        _ = opened[column];
                    }
                }
                catch (InvalidDataException)
                {
                    // Damage that changes a number to another one cannot be told; any other must end here.
                }
            },
            iter: 300,
            threads: 2);

    private static void AssertSame(FrameColumns expected, SealedFrames actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (var column = (FrameColumn)0; (int)column < FrameColumnFacts.Count; column++)
        {
            var (wanted, got) = (expected[column], actual[column]);
            for (var row = 0; row < expected.Count; row++)
            {
                Assert.True(wanted.Whole(row) == got.Whole(row), $"column {column}, row {row}: {wanted.Whole(row)} became {got.Whole(row)}");
            }
        }
    }
}
