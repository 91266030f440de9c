using System.Globalization;
using CsCheck;
using EnergyTTT.Routing.FastWeights;
using EnergyTTT.Routing.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace EnergyTTT.Routing.Tests.FastWeights;

public sealed class NewtonSchulzTests
{
    public NewtonSchulzTests() => TorchLibrary.Load();

    public static TheoryData<bool> BothSets => [true, false];

    [Fact]
    public void The_result_equals_the_high_precision_oracle()
    {
        var rows = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "FastWeights", "newton_schulz_oracle.csv")).Skip(1).Select(line => line.Split(',')).ToArray();
        Assert.Equal(164, rows.Length);

        foreach (var oracle in rows.GroupBy(r => (Case: r[0], Set: r[1], Rows: int.Parse(r[2], CultureInfo.InvariantCulture), Columns: int.Parse(r[3], CultureInfo.InvariantCulture))))
        {
            using var scope = NewDisposeScope();
            var input = tensor(oracle.Select(r => float.Parse(r[5], CultureInfo.InvariantCulture)).ToArray(), oracle.Key.Rows, oracle.Key.Columns);
            var result = NewtonSchulz.Orthogonalise(input, Set(oracle.Key.Set == "five")).contiguous().data<float>().ToArray();
            Assert.All(oracle.Zip(result), pair => Assert.True(
                Math.Abs(double.Parse(pair.First[6], CultureInfo.InvariantCulture) - pair.Second) < 2e-5, $"{oracle.Key}: {pair.First[6]} expected, {pair.Second} found"));
        }
    }

    [Theory]
    [InlineData(true, 0.01, 0.97, 1.04)]
    [InlineData(false, 0.01, 0.68, 1.14)]
    [InlineData(true, 0.003, 0, 1.15)]
    [InlineData(false, 0.003, 0, 1.21)]
    public void Singular_values_land_in_their_interval(bool five, double smallest, double low, double high)
    {
        // Invariant 13: random singular vectors, singular values between the smallest and 1 after division by the Frobenius norm.
        Gen.Select(Gen.Int[2, 24], Gen.Int[2, 24], Gen.Int[0, 1 << 20]).Sample((rows, columns, seed) =>
        {
            using var scope = NewDisposeScope();
            var values = Spectrum(Math.Min(rows, columns), smallest, seed);
            var result = NewtonSchulz.Orthogonalise(WithSingularValues(values, rows, columns, seed), Set(five));
            var found = linalg.svdvals(result.to(ScalarType.Float64)).data<double>().ToArray();
            return found.All(s => s >= low && s <= high);
        }, iter: 60);
    }

    [Theory]
    [MemberData(nameof(BothSets))]
    public void A_tall_matrix_gives_the_transpose_of_the_wide_one(bool five)
    {
        using var scope = NewDisposeScope();
        var wide = WithSingularValues(Spectrum(5, 0.01, 7), 5, 9, 7);

        var fromTall = NewtonSchulz.Orthogonalise(wide.t(), Set(five)).t();

        Assert.True(fromTall.allclose(NewtonSchulz.Orthogonalise(wide, Set(five)), rtol: 0, atol: 1e-6));
    }

    [Theory]
    [InlineData(1e-3f)]
    [InlineData(1e4f)]
    public void The_scale_of_the_matrix_does_not_matter(float scale)
    {
        using var scope = NewDisposeScope();
        var matrix = WithSingularValues(Spectrum(6, 0.05, 3), 6, 8, 3);

        var scaled = NewtonSchulz.Orthogonalise(matrix * scale, Set(true));

        Assert.True(scaled.allclose(NewtonSchulz.Orthogonalise(matrix, Set(true)), rtol: 0, atol: 2e-3));
    }

    [Fact]
    public void A_zero_matrix_gives_no_step()
    {
        using var scope = NewDisposeScope();

        Assert.Equal(0, NewtonSchulz.Orthogonalise(zeros(4, 6), Set(true)).abs().max().item<float>());
    }

    private static NewtonSchulzCoefficients Set(bool five) => five ? NewtonSchulzCoefficients.FiveTriples : NewtonSchulzCoefficients.SingleTriple;

    /// <summary>Values whose squares sum to 1 and none of which is below the smallest.</summary>
    private static double[] Spectrum(int count, double smallest, int seed)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, count).Select(_ => Math.Exp(random.NextDouble() * Math.Log(smallest))).ToArray();
        var norm = Math.Sqrt(values.Sum(v => v * v));
        values = [.. values.Select(v => Math.Max(v / norm, smallest * 1.0001))];
        values[0] = Math.Sqrt(Math.Max(smallest * smallest, 1 - values.Skip(1).Sum(v => v * v)));
        return values;
    }

    private static Tensor WithSingularValues(double[] values, int rows, int columns, int seed)
    {
        var generator = new Generator((ulong)seed);
        var left = linalg.qr(randn(rows, values.Length, dtype: ScalarType.Float64, generator: generator)).Q;
        var right = linalg.qr(randn(columns, values.Length, dtype: ScalarType.Float64, generator: generator)).Q;
        return mm(left * tensor(values), right.t()).to_type(ScalarType.Float32);
    }
}
