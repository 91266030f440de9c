using EnergyTTT.Experiments.Calibrations;

namespace EnergyTTT.Experiments.Tests.Calibrations;

public class CalibrationSettingsTests
{
    [Fact]
    public void Every_point_uses_just_as_many_experts_as_it_says_and_no_token_one_twice()
    {
        var settings = new CalibrationSettings();

        foreach (var (tokens, distinct) in settings.Points())
        {
            var chosen = CalibrationSettings.Choice(tokens, settings.TopK, settings.Experts, distinct, new Random(3));

            Assert.Equal(distinct, chosen.Distinct().Count());
            Assert.All(chosen.Chunk(settings.TopK), token => Assert.Equal(settings.TopK, token.Distinct().Count()));
            var slots = chosen.CountBy(expert => expert).Select(expert => expert.Value).ToList();
            Assert.True(slots.Max() - slots.Min() <= 1);
        }

        Assert.Equal(15, settings.Points().Count());
        Assert.Throws<ArgumentOutOfRangeException>(() => CalibrationSettings.Choice(1, 8, 64, 9, new Random(1)));
    }
}
