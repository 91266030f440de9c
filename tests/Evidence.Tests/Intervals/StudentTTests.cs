using System.Globalization;
using EnergyTTT.Evidence.Intervals;

namespace EnergyTTT.Evidence.Tests.Intervals;

public sealed class StudentTTests
{
    [Fact]
    public void Quantiles_agree_with_the_high_precision_table()
    {
        var rows = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Intervals", "student_t.csv")).Skip(1).Select(l => l.Split(',')).ToList();

        Assert.Equal(165, rows.Count);
        foreach (var row in rows)
        {
            double freedom = Number(row[0]), probability = Number(row[1]), expected = Number(row[2]);
            var quantile = StudentT.Quantile(probability, freedom);
            Assert.True(Math.Abs(quantile - expected) <= 1e-10 * Math.Max(Math.Abs(expected), 1e-3), $"nu {freedom}, p {probability}: {quantile:R} against {expected:R}");
            Assert.Equal(probability, StudentT.Cdf(expected, freedom), 1e-12);
        }
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(7.3)]
    [InlineData(10_000)]
    public void Quantile_and_distribution_are_inverse_for_any_freedom(double freedom)
    {
        foreach (var p in new[] { 1e-6, 0.003, 0.2, 0.5, 0.7, 0.9999 })
        {
            Assert.Equal(p, StudentT.Cdf(StudentT.Quantile(p, freedom), freedom), 1e-12);
        }
    }

    [Fact]
    public void With_much_freedom_it_is_the_normal_distribution() => Assert.Equal(1.959963984540054, StudentT.Quantile(0.975, 1e9), 1e-8);

    [Fact]
    public void The_distribution_ends_at_0_and_1()
    {
        Assert.Equal(0, StudentT.Cdf(double.NegativeInfinity, 3));
        Assert.Equal(1, StudentT.Cdf(double.PositiveInfinity, 3));
        Assert.Equal(0.5, StudentT.Cdf(0, 3), 1e-15);
    }

    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 5)]
    [InlineData(double.NaN, 5)]
    [InlineData(0.5, 0)]
    public void A_probability_or_freedom_outside_its_range_is_refused(double probability, double freedom) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => StudentT.Quantile(probability, freedom));

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
