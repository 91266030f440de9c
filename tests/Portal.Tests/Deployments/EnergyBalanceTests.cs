using EnergyTTT.History.Deployments;
using EnergyTTT.Portal.Deployments;

namespace EnergyTTT.Portal.Tests.Deployments;

public sealed class EnergyBalanceTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Experts_idle_and_residual_add_up_to_the_counter()
    {
        var balance = EnergyBalance.Of(
        [
            new(Start, -1, 1_000, 600, 240, 120, []),
            new(Start, 0, 1_000, null, 100, null, [60, 40]),
            new(Start, 1, 1_000, null, 140, null, [70, 70]),
            new(Start.AddMinutes(1), -1, 500, 300, 130, 120, []),
            new(Start.AddMinutes(1), 0, 500, null, 130, null, [100, 30]),
        ]);

        Assert.Equal((900, 370, 240, 290), (balance.CounterJoules, balance.ExpertJoules, balance.IdleJoules, balance.ResidualJoules));
        Assert.Equal(balance.CounterJoules, balance.ExpertJoules + balance.IdleJoules + balance.ResidualJoules);
        Assert.Equal((2, 1_500), (balance.Minutes, balance.Tokens));
        Assert.Equal<double>([160, 70], balance.Layers[0].ExpertJoules);
        Assert.Equal<double>([230, 140], balance.Layers.Select(layer => layer.Joules));
    }

    [Fact]
    public void A_minute_without_a_counter_leaves_no_sum_instead_of_a_wrong_one()
    {
        var balance = EnergyBalance.Of([new(Start, -1, 1_000, 600, 240, 120, []), new(Start.AddMinutes(1), -1, 500, null, 130, null, [])]);

        Assert.Equal((null, null, null, 1), (balance.CounterJoules, balance.ResidualJoules, balance.IdleJoules, balance.MinutesWithoutCounter));
        Assert.Equal(370, balance.ExpertJoules);
    }

    [Fact]
    public void Nothing_sums_to_nothing_known()
    {
        var balance = EnergyBalance.Of([]);

        Assert.Equal((0, null, null), (balance.Minutes, balance.CounterJoules, balance.ResidualJoules));
    }
}
