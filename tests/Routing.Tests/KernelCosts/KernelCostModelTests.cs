using System.Text;
using CsCheck;
using EnergyTTT.Routing.KernelCosts;

namespace EnergyTTT.Routing.Tests.KernelCosts;

public sealed class KernelCostModelTests
{
    private static readonly KernelCostModel Recorded = KernelCostModel.FromFile(Path.Combine(AppContext.BaseDirectory, "data", "h100_moe_cost.json"));

    [Fact]
    public void The_recorded_table_loads_as_measured_rows_of_one_layer()
    {
        Assert.Equal(66, Recorded.Records.Count);
        Assert.Equal(KernelCostSource.Nvml, Recorded.Source);
        Assert.True(Recorded.EligibleForClaims);
        Assert.Equal(16, Recorded.CalibrationId.Length);
        Assert.All(Recorded.Records, r => Assert.InRange(r.ImpliedWatts, 200, 700));
        Assert.All(Recorded.Records, r => Assert.Equal(9_437_184, r.WeightBytes));
    }

    [Fact]
    public void The_recorded_table_fits_with_a_read_of_two_to_three_millijoules_per_expert()
    {
        var fit = Recorded.Fit!;

        Assert.InRange(fit.Determination, 0.97, 1);
        Assert.InRange(fit.ActivationJoules.Value, 1.8e-3, 2.8e-3);
        Assert.InRange(fit.SlotJoules.Value, 1e-5, 5e-5);
        Assert.True(fit.ActivationJoules.IsPositive && fit.SlotJoules.IsPositive);
        Assert.InRange(fit.ActivationJoules.Ci95, 1e-6, 0.2 * fit.ActivationJoules.Value);
        Assert.InRange(fit.IdleWatts.Value, 50, 400);
        // 64 tokens that activate 126 of 128 experts: the part that fewer experts can save.
        Assert.InRange(fit.ActivationShare(126, 512), 0.7, 0.95);
        Assert.InRange(fit.ActivationShare(126, 32_768), 0, 0.3);
    }

    [Fact]
    public void Energy_and_latency_are_read_back_at_a_measured_point()
    {
        var estimate = Recorded.Estimate("moe_block", 64, 126.25);

        Assert.Equal(CostCoverage.Interpolated, estimate.Coverage);
        Assert.Equal(2.5576 / 8, estimate.EnergyJoules!.Value, 1e-4);
        Assert.Equal(4.29888 / 8, estimate.LatencyMilliseconds!.Value, 1e-5);
        Assert.Null(estimate.Refusal);
    }

    [Fact]
    public void Between_points_it_is_linear_in_tokens()
    {
        double below = Energy(128, 64), above = Energy(256, 64);

        Assert.Equal(below + 0.25 * (above - below), Energy(160, 64), 1e-12);

        static double Energy(double tokens, double distinct) => Recorded.Estimate("moe_block", tokens, distinct).EnergyJoules!.Value;
    }

    [Theory]
    [InlineData(8192, 64, CostCoverage.Extrapolated)]
    [InlineData(8193, 64, CostCoverage.Refused)]
    [InlineData(64, 200, CostCoverage.Extrapolated)]
    [InlineData(64, 253, CostCoverage.Refused)]
    [InlineData(64, 4, CostCoverage.Extrapolated)]
    [InlineData(64, 3.9, CostCoverage.Refused)]
    [InlineData(0, 64, CostCoverage.Refused)]
    [InlineData(double.NaN, 64, CostCoverage.Refused)]
    public void Beyond_twice_the_measured_range_it_refuses_to_guess(double tokens, double distinct, CostCoverage coverage)
    {
        var estimate = Recorded.Estimate("moe_block", tokens, distinct);

        Assert.Equal(coverage, estimate.Coverage);
        Assert.Equal(coverage == CostCoverage.Refused, estimate.EnergyJoules is null);
        Assert.Equal(coverage == CostCoverage.Refused, estimate.Refusal is not null);
    }

    [Fact]
    public void An_unknown_operation_is_refused_by_name()
    {
        var estimate = Recorded.Estimate("attention", 64);

        Assert.Equal("no rows for operation 'attention' in the cost table; it has moe_block", estimate.Refusal);
    }

    [Fact]
    public void A_fit_recovers_the_coefficients_that_made_the_rows() => Gen.Select(Gen.Double[1e-4, 1e-2], Gen.Double[1e-6, 1e-4], Gen.Double[0.005, 0.05]).Sample(x =>
    {
        var (a, c, fixedJoules) = x;
        var model = new KernelCostModel(Rows((u, s) => fixedJoules + a * u + c * s));

        Assert.Equal(a, model.Fit!.ActivationJoules.Value, 1e-6 * a);
        Assert.Equal(c, model.Fit.SlotJoules.Value, 1e-6 * c);
        Assert.Equal(fixedJoules, model.Fit.FixedJoules.Value, 1e-6 * fixedJoules);
        Assert.Equal(1, model.Fit.Determination, 1e-9);
    });

    [Fact]
    public void The_interval_of_a_fit_covers_the_truth_95_percent_of_the_time()
    {
        var random = new Random(8);
        var covered = Enumerable.Range(0, 1000).Count(_ =>
        {
            var fit = new KernelCostModel(Rows((u, s) => (0.02 + 2e-3 * u + 3e-5 * s) * (1 + 0.03 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))).Fit!;
            return Math.Abs(fit.ActivationJoules.Value - 2e-3) <= fit.ActivationJoules.Ci95;
        });

        Assert.InRange(covered / 1000.0, 0.92, 0.98);
    }

    [Fact]
    public void A_fit_that_explains_too_little_is_refused()
    {
        var random = new Random(1);
        var model = new KernelCostModel(Rows((_, _) => 0.05 + 0.2 * random.NextDouble()));

        Assert.Null(model.Fit);
        Assert.StartsWith("R2 of the energy fit is ", model.FitRefusal, StringComparison.Ordinal);
    }

    [Fact]
    public void Few_rows_or_rows_that_do_not_vary_are_no_fit()
    {
        Assert.StartsWith("4 rows", new KernelCostModel(Recorded.Records.Take(4)).FitRefusal, StringComparison.Ordinal);
        Assert.Contains("do not vary independently", new KernelCostModel(Enumerable.Repeat(Recorded.Records[0], 20)).FitRefusal, StringComparison.Ordinal);
    }

    // Invariant 26: the published table.
    [Fact]
    public void Rows_that_imply_0_13_watts_are_refused_with_that_message()
    {
        var import = Read("""[{"op_type":"moe_layer","batch_size":32,"energy_joules":0.00007,"latency_ms":0.541,"temp_impact":0.2},{"op_type":"moe_layer","batch_size":64,"energy_joules":0.2,"latency_ms":0.541,"temp_impact":0.2}]""");

        Assert.Equal("row 0 (moe_layer): 7E-05 J in 0.541 ms imply 0.129 W, outside 5 to 2400 W: check the units (joules per execution, milliseconds per execution)", Assert.Single(import.Rejections));
        Assert.Single(import.Records);
    }

    // Invariant 26: and a table of nothing else is no table.
    [Fact]
    public void A_table_of_nothing_but_such_rows_is_refused_as_a_whole()
    {
        var error = Assert.Throws<FormatException>(() => Read("op_type,batch_size,energy_joules,latency_ms,temp_impact\nmoe,1,0.000133,1,0.1\n").ToModel());

        Assert.Contains("imply 0.133 W", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_flat_format_is_always_unverified_and_never_eligible_for_claims()
    {
        var model = Read("op_type,batch_size,energy_joules,latency_ms,temp_impact\nmoe,32,0.2,0.5,0.1\nmoe,64,0.3,0.6,0.1\nnonsense,,,\n") is var import ? import.ToModel() : null;

        Assert.Equal(KernelCostSource.Unverified, model!.Source);
        Assert.False(model.EligibleForClaims);
        Assert.Equal(0.25, model.Estimate("moe", 48).EnergyJoules!.Value, 1e-12);
        Assert.Contains("line 4", Assert.Single(import.Rejections), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.0, 1.0, "energy of 0 J")]
    [InlineData(1.0, -1.0, "latency of -1 ms")]
    [InlineData(1.0, 1.0, "imply 1000 W, outside 5 to 840 W")]
    [InlineData(0.004, 1.0, "imply 4 W")]
    public void A_row_that_cannot_be_says_what_is_wrong(double joules, double milliseconds, string expected) =>
        Assert.Contains(expected, UnitCheck.Explain(joules, milliseconds, 700), StringComparison.Ordinal);

    [Fact]
    public void A_table_survives_writing_and_reading()
    {
        using var stream = new MemoryStream();
        KernelCostFile.Write(stream, Recorded.Records);
        stream.Position = 0;

        var import = KernelCostFile.Read(stream, "copy");

        Assert.Equal(Recorded.Records, import.Records);
        Assert.Equal(Recorded.CalibrationId, import.ToModel().CalibrationId);
    }

    [Theory]
    [InlineData("hello")]
    [InlineData("{\"rows\": 3}")]
    [InlineData("{")]
    [InlineData("[{\"op\":\"moe\"}]")]
    public void A_file_in_no_known_format_is_refused_by_name(string text) => Assert.Contains("table.txt", Assert.Throws<FormatException>(() => Read(text)).Message, StringComparison.Ordinal);

    private static KernelCostImport Read(string text) => KernelCostFile.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "table.txt");

    private static IEnumerable<KernelCostRecord> Rows(Func<double, double, double> joules) =>
        from tokens in new double[] { 1, 4, 16, 64, 256 }
        from distinct in new double[] { 8, 16, 32, 64, 128 }
        let energy = joules(distinct, tokens * 8)
        select new KernelCostRecord
        {
            Operation = "moe_block",
            Tokens = tokens,
            TopK = 8,
            DistinctExperts = distinct,
            EnergyJoules = energy,
            LatencyMilliseconds = 1000 * energy / 400,
            PowerLimitWatts = 700,
            Source = KernelCostSource.Nvml,
        };
}
