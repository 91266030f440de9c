using EnergyTTT.Routing.Losses;

namespace EnergyTTT.Routing.Tests.Losses;

public sealed class ScoreboardTests
{
    [Fact]
    public void Being_under_every_target_is_no_error()
    {
        var score = Scoreboard.Score(new() { PowerWatts = 150, TemperatureCelsius = 40, InferenceLatencyMilliseconds = 3, MemoryUsedRatio = 0.1 }, new(), new());

        Assert.Equal(new LossComponents(0, 0, 0, 0, 0, null), score);
    }

    [Fact]
    public void Being_over_costs_the_square_of_the_relative_excess_by_weight()
    {
        var score = Scoreboard.Score(
            new() { PowerWatts = 300, TemperatureCelsius = 78, InferenceLatencyMilliseconds = 15, MemoryUsedRatio = 0.91, TokensPerSecond = 150 }, new(TokensPerSecond: 100), new());

        Assert.Equal(0.25, score.PowerLoss!.Value, 1e-12);
        Assert.Equal(0.04, score.TempLoss!.Value, 1e-12);
        Assert.Equal(0.25, score.LatencyPenalty!.Value, 1e-12);
        Assert.Equal(0.09, score.MemoryPenalty!.Value, 1e-12);
        Assert.Equal(0.5, score.ThroughputBonus!.Value, 1e-12);
        Assert.Equal((0.35 * 0.25) + (0.20 * 0.04) + (0.25 * (0.25 - 0.5)) + (0.10 * 0.09), score.TotalLoss, 1e-12);
    }

    [Fact]
    public void What_was_not_observed_is_null_and_counts_for_nothing()
    {
        var score = Scoreboard.Score(new() { PowerWatts = 300 }, new(), new());

        Assert.Null(score.TempLoss);
        Assert.Null(score.LatencyPenalty);
        Assert.Null(score.ThroughputBonus);
        Assert.Equal(0.35 * 0.25, score.TotalLoss, 1e-12);
    }

    [Fact]
    public void A_wrong_target_or_observation_is_named()
    {
        Assert.Contains("target of power is 0", Assert.Throws<ArgumentException>(() => Scoreboard.Score(new(), new(PowerWatts: 0), new())).Message, StringComparison.Ordinal);
        Assert.Contains("observed temperature is NaN", Assert.Throws<ArgumentException>(() => Scoreboard.Score(new() { TemperatureCelsius = double.NaN }, new(), new())).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ObjectiveWeights(-1).Normalised());
        Assert.Throws<ArgumentException>(() => new ObjectiveWeights(0, 0, 0, 0, 0).Normalised());
    }

    [Fact]
    public void Weights_are_normalised_and_keep_their_ratios()
    {
        var weights = new ObjectiveWeights(5, 7, 4, 2, 2).Normalised();

        Assert.Equal(0.35, weights.Energy, 1e-12);
        Assert.Equal(new ObjectiveWeights().Normalised().Thermal, weights.Thermal, 1e-12);
    }

    [Fact]
    public void The_ascent_raises_a_weight_while_its_target_is_exceeded_up_to_its_clamp_and_lets_it_come_back()
    {
        var ascent = new DualAscent();
        var hot = Scoreboard.Score(new() { PowerWatts = 100, TemperatureCelsius = 130 }, new(), new());
        ascent.Update(hot);
        Assert.Equal(Math.Exp(0.01), ascent.Thermal, 1e-12);
        Assert.Equal(1, ascent.Energy, 1e-12);
        Assert.True(ascent.Apply(new()).Thermal > 0.2);

        for (var i = 0; i < 1000; i++)
            ascent.Update(hot);
        Assert.Equal(4, ascent.Thermal, 1e-12);

        for (var i = 0; i < 1000; i++)
            ascent.Update(Scoreboard.Score(new() { TemperatureCelsius = 50 }, new(), new()));
        Assert.Equal(1, ascent.Thermal, 1e-3);
        ascent.Update(Scoreboard.Score(new(), new(), new()));
        Assert.Equal(1, ascent.Energy, 1e-12);
    }
}
