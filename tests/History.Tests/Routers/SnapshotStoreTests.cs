using EnergyTTT.History.Routers;
using EnergyTTT.Testing.Databases;
using Xunit;

namespace EnergyTTT.History.Tests.Routers;

public sealed class SnapshotStoreTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly DateTimeOffset Time = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);
    private readonly SnapshotStore _store = new(postgres.Source);

    [Fact]
    public async Task Weights_read_back_bit_for_bit_with_their_digest()
    {
        byte[] weights = [.. Enumerable.Range(0, 100_000).Select(i => (byte)(i * 31))];

        await _store.Save(1, 0, 50, "updates", false, weights, """{"gamma": 0.5}""", Time, CancellationToken.None);
        var snapshot = await _store.Read(1, 0, null, CancellationToken.None);

        Assert.Equal(weights, snapshot!.Weights);
        Assert.Equal((50L, "updates", 100_000, "{\"gamma\": 0.5}"), (snapshot.Entry.Step, snapshot.Entry.Cause, snapshot.Entry.Bytes, snapshot.Entry.Sidecar));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(weights)), snapshot.Entry.Sha256);
        Assert.Null(await _store.Read(1, 1, null, CancellationToken.None));
    }

    [Fact]
    public async Task The_three_newest_and_every_promoted_or_asked_for_snapshot_are_kept()
    {
        for (var step = 1; step <= 10; step++)
        {
            await _store.Save(2, 0, step, step == 4 ? "manual" : "updates", step == 2, [1], "{}", Time, CancellationToken.None);
        }

        Assert.Equal([10, 9, 8, 4, 2], (await _store.List(2, 0, CancellationToken.None)).Select(entry => entry.Number));
        Assert.Equal(4, (await _store.Read(2, 0, 4, CancellationToken.None))!.Entry.Step);
    }

    [Fact]
    public async Task After_a_restore_the_same_step_is_stored_again_under_a_number_of_its_own()
    {
        var first = await _store.Save(3, 0, 7, "updates", false, [1, 2, 3], "{}", Time, CancellationToken.None);
        var second = await _store.Save(3, 0, 7, "promotion", true, [9, 9, 9], "{}", Time, CancellationToken.None);

        Assert.Equal((1L, 2L), (first, second));
        Assert.Equal([1, 2, 3], (await _store.Read(3, 0, first, CancellationToken.None))!.Weights);
        Assert.Equal([9, 9, 9], (await _store.Read(3, 0, null, CancellationToken.None))!.Weights);
    }
}
