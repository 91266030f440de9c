using EnergyTTT.Experiments.Decoding;

namespace EnergyTTT.Experiments.Tests.Decoding;

public class WaitingRoomTests
{
    // Two kinds of requests in turn: the even ones use the first expert, the odd ones the second.
    private static readonly float[] TwoKinds = [.. Enumerable.Range(0, 16).SelectMany(s => s % 2 == 0 ? new[] { 1f, 0f, 0.5f } : [0f, 1f, 0.5f])];

    [Fact]
    public void By_age_a_batch_is_those_that_came_first()
    {
        var batches = new WaitingRoom([], 8).Batches([3, 1, 2, 0, 5, 4, 7, 6], 4, byAffinity: false, waiting: 8);

        Assert.Equal([3, 1, 2, 0], batches[0]);
        Assert.Equal([5, 4, 7, 6], batches[1]);
    }

    [Fact]
    public void By_affinity_a_batch_is_the_oldest_and_those_like_it()
    {
        var room = new WaitingRoom(TwoKinds, 16);
        for (var sequence = 0; sequence < 8; sequence++)
        {
            room.Enter(sequence);
        }

        Assert.Equal([0, 2, 4, 6], room.Take(4, byAffinity: true).Order());
        Assert.Equal([1, 3, 5, 7], room.Take(4, byAffinity: true).Order());
        Assert.Equal(0, room.Count);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(16)]
    public void Nobody_is_left_out_whoever_waits_and_nobody_is_seen_before_he_came(int waiting)
    {
        var order = WaitingRoom.Shuffled(16, 3);

        var batches = new WaitingRoom(TwoKinds, 16).Batches(order, 4, byAffinity: true, waiting);

        Assert.Equal(Enumerable.Range(0, 16), batches.SelectMany(batch => batch).Order());
        Assert.All(batches[0], sequence => Assert.Contains(sequence, order[..waiting]));
        Assert.Contains(order[0], batches[0]);
    }
}
