using EnergyTTT.History.Runs.Contrasts;
using EnergyTTT.Wire.Telemetry;
using Xunit;

namespace EnergyTTT.History.Tests.Runs;

public sealed class RunContrastTests
{
    [Fact]
    public void Only_what_differs_is_listed_and_the_rest_is_counted()
    {
        var first = RunBundles.Compare();
        var second = first with { Run = first.Run with { Id = Guid.CreateVersion7(), Parameters = new() { ["batch_size"] = 64, ["preset"] = "tiny" }, Metrics = new() { ["saving_percent"] = 10 } } };

        var contrast = RunContrasts.Of([first, second]);

        Assert.Equal(["param.batch_size", "param.muon_enabled"], contrast.Settings.Select(setting => setting.Name));
        Assert.Equal<string?>(["16", "64"], contrast.Settings[0].Values);
        Assert.Equal<string?>(["true", null], contrast.Settings[1].Values);
        Assert.True(contrast.Same > 10);
        Assert.Equal<double?>([null, -2.5], contrast.Metrics.Single().Differences);
    }

    [Fact]
    public void Arms_of_one_name_are_held_against_the_baseline_with_an_interval()
    {
        var first = RunBundles.Compare();
        var second = first with { Arms = [first.Arms[0] with { JoulesPerToken = 1.5, JoulesPerTokenLow = 1.47, JoulesPerTokenHigh = 1.53 }] };

        var change = RunContrasts.Of([first, second]).Arms.Single(arm => arm.Name == "Baseline").Changes[1]!;

        Assert.Equal(-25.0, change.Percent!.Value, 9);

        // Each half width is ln(1.02 / 0.98) / 2 = 0.0200027; together 0.0282881.
        Assert.Equal(-27.09, change.Low!.Value, 2);
        Assert.Equal(-22.85, change.High!.Value, 2);
        Assert.Null(RunContrasts.Of([first, second]).Arms.Single(arm => arm.Name == "EnergyAwareTTT").Changes[1]!.Percent);
    }

    [Fact]
    public void Numbers_of_different_origin_are_never_set_into_one_figure()
    {
        var contrast = RunContrasts.Of([RunBundles.Compare(origin: Origin.Modelled), RunBundles.Compare(origin: Origin.Measured)]);

        Assert.All(contrast.Metrics, metric => Assert.Null(metric.Differences[1]));
        Assert.All(contrast.Arms, arm => Assert.Equal(new EnergyChange(null, null, null, null, "different_origin"), arm.Changes[1]));
    }
}
