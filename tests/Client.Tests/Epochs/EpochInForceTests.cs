using EnergyTTT.Client.Epochs;
using EnergyTTT.Client.Tests.Servers;
using EnergyTTT.Selection.Epochs;
using EnergyTTT.Wire.Deployments;
using Xunit;

namespace EnergyTTT.Client.Tests.Epochs;

public sealed class EpochInForceTests
{
    private static readonly DateTimeOffset Later = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_batch_step_and_the_guard_reach_the_selector()
    {
        var epoch = EpochInForce.Create(Engine.Epoch(3, Later, step: "consolidate"), Engine.Shape, Engine.Layers, 0);

        Assert.Equal(BatchStepKind.GreedyConsolidation, epoch.Layers[0].BatchStep.Kind);
        Assert.Equal(0.5f, epoch.Layers[1].GuardBound);
        Assert.Equal(3, epoch.Layers[1].Number);
    }

    [Fact]
    public void Prices_order_the_removal_by_demand_per_cost()
    {
        var message = Engine.Epoch(3, Later, step: "consolidate");
        message = message with { Layers = [.. message.Layers.Select(layer => layer with { Prices = [1.5f, 0.5f, 1, 1, 1, 1, 1, 1] })] };

        var layer = EpochInForce.Create(message, Engine.Shape, Engine.Layers, 0).Layers[0];

        Assert.True(layer.BatchStep.IsPriced);
        Assert.Equal([1.5f, 0.5f, 1, 1, 1, 1, 1, 1], layer.Prices.ToArray());
    }

    [Fact]
    public void Marginal_consolidation_is_taken_as_the_server_says_it()
    {
        var layer = EpochInForce.Create(Engine.Epoch(3, Later, step: "marginal"), Engine.Shape, Engine.Layers, 0).Layers[0];

        Assert.Equal((BatchStepKind.MarginalConsolidation, 0.5f, false), (layer.BatchStep.Kind, layer.BatchStep.RetainedMass, layer.BatchStep.IsPriced));
    }

    [Fact]
    public void No_steering_counts_at_once_and_an_older_number_does_not()
    {
        var board = new EpochBoard(Engine.Shape, Engine.Layers, TimeSpan.FromMinutes(5), TimeProvider.System);
        var now = Later.AddSeconds(-60);
        board.Pin(Engine.Epoch(5, Later), now);
        board.Pin(Engine.Epoch(4, Later), now);
        Assert.Equal(5, board.Current.Number);

        board.Pin(new SteeringEpoch { Epoch = 0, Arm = SteeringArm.Treated, PolicyVersion = 4, BiasSpace = Wire.Deployments.BiasSpace.Logit, ExpiresAt = Later, Layers = [] }, now);

        Assert.Equal((0, false), (board.Current.Number, board.Current.Steers));
    }

    [Fact]
    public void Every_fault_of_an_epoch_is_named()
    {
        var message = Engine.Epoch(3, Later);
        message = message with { Layers = [message.Layers[0] with { Bias = [1, 2] }, message.Layers[1] with { GuardBound = 0 }, message.Layers[1]] };

        var error = Assert.Throws<SteeringMismatchException>(() => EpochInForce.Create(message, Engine.Shape, Engine.Layers, 0));

        Assert.Contains("it has 3 layers, this engine has 2", error.Message, StringComparison.Ordinal);
        Assert.Contains("layer 0: bias has 2 numbers for 8 experts", error.Message, StringComparison.Ordinal);
        Assert.Contains("layer 1: guard_bound is 0", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sometimes")]
    [InlineData("opportunistic")]
    public void A_batch_step_that_cannot_be_taken_is_refused(string step) =>
        Assert.Throws<SteeringMismatchException>(() => EpochInForce.Create(Engine.Epoch(3, Later, step: step), Engine.Shape, Engine.Layers, 0));

    [Fact]
    public void A_bias_that_is_not_a_number_is_refused()
    {
        var message = Engine.Epoch(3, Later);
        message = message with { Layers = [.. message.Layers.Select(layer => layer with { Bias = [float.NaN, 0, 0, 0, 0, 0, 0, 0] })] };

        Assert.Throws<SteeringMismatchException>(() => EpochInForce.Create(message, Engine.Shape, Engine.Layers, 0));
    }

    [Fact]
    public void The_held_out_arm_keeps_the_digest_and_drops_the_bias()
    {
        var treated = EpochInForce.Create(Engine.Epoch(3, Later), Engine.Shape, Engine.Layers, 0);
        var heldOut = EpochInForce.Create(Engine.Epoch(3, Later, SteeringArm.HeldOut), Engine.Shape, Engine.Layers, 0);

        Assert.Equal(treated.BiasSha256, heldOut.BiasSha256);
        Assert.True(heldOut.Layers.All(layer => layer.IsNeutral));
    }
}
