using System.Globalization;
using EnergyTTT.Contracts.Deployments;
using EnergyTTT.Portal.Deployments;
using EnergyTTT.Portal.Displays;
using EnergyTTT.Wire.Telemetry;

namespace EnergyTTT.Portal.Tests.Deployments;

public sealed class SavingWordsTests
{
    private static readonly Display Display = new(CultureInfo.GetCultureInfo("en"));

    [Theory]
    [InlineData("Saving", 6.1, Origin.Measured, "saved", true)]
    [InlineData("Loss", -6.1, Origin.Measured, "lost", true)]
    [InlineData("NoSignificantSaving", 0.4, Origin.Measured, "no significant saving", false)]
    [InlineData("NotMeasured", 21.0, Origin.Simulated, "simulated effect", false)]
    [InlineData("Inconclusive", 3.0, Origin.Measured, "inconclusive", false)]
    [InlineData("a word of a later version", 3.0, Origin.Measured, "inconclusive", false)]
    public void Only_what_was_measured_and_is_significant_is_called_saved(string verdict, double percent, Origin origin, string word, bool proven)
    {
        var words = SavingWords.Of(new(percent, percent - 1, percent + 1, 12, verdict, origin), Display);

        Assert.Equal((word, proven), (words.Word, words.IsProven));
        Assert.Contains("12 pairs", words.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_pair_it_is_inconclusive() => Assert.Equal("inconclusive", SavingWords.Of(null, Display).Word);

    [Fact]
    public void One_pair_is_too_few_for_an_interval() =>
        Assert.Equal("1 pair, too few for an interval", SavingWords.Of(new(5, null, null, 1, "Inconclusive", Origin.Measured), Display).Detail);
}
