using EnergyTTT.History.Policies;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Policies;
using Npgsql;
using Xunit;

namespace EnergyTTT.History.Tests.Policies;

public sealed class PolicyStoreTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private readonly PolicyStore _store = new(postgres.Source, TimeProvider.System);

    [Fact]
    public async Task A_scope_where_nothing_was_set_has_version_0_and_an_empty_document()
    {
        var current = await _store.Current("deployment/untouched", CancellationToken.None);

        Assert.Equal((0, new PolicyDocument()), (current.Version, current.Document));
    }

    [Fact]
    public async Task A_saved_version_is_in_force_and_the_one_before_stays_readable()
    {
        var first = await Save("deployment/a", 0, new PolicyDocument { HoldOutShare = 0.1 });
        var second = await Save("deployment/a", first!.Version, new PolicyDocument { HoldOutShare = 0.2 });

        Assert.Equal(first.Version + 1, second!.Version);
        Assert.Equal(second, await _store.Current("deployment/a", CancellationToken.None));
        Assert.Equal<PolicyVersion>([second, first], await _store.Versions("deployment/a", long.MaxValue, 10, CancellationToken.None));
        Assert.Equal<PolicyVersion>([first], await _store.Versions("deployment/a", second.Version, 10, CancellationToken.None));
    }

    [Fact]
    public async Task A_change_of_a_version_that_is_no_longer_in_force_saves_nothing()
    {
        var first = await Save("deployment/b", 0, new PolicyDocument { MuonEnabled = false });
        await Save("deployment/b", first!.Version, new PolicyDocument { MuonEnabled = true });

        Assert.Null(await Save("deployment/b", first.Version, new PolicyDocument { TargetPowerWatts = 300 }));
        Assert.Null(await Save("deployment/b", 0, new PolicyDocument { TargetPowerWatts = 300 }));
        Assert.Equal(2, (await _store.Versions("deployment/b", long.MaxValue, 10, CancellationToken.None)).Length);
    }

    [Fact]
    public async Task Of_twenty_that_save_at_once_exactly_one_wins_every_round()
    {
        long version = 0;
        for (var round = 0; round < 5; round++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Save("deployment/crowd", version, new PolicyDocument { TargetPowerWatts = 100 + i })));

            var winner = Assert.Single(answers, answer => answer is not null);
            version = winner!.Version;
        }

        Assert.Equal(5, (await _store.Versions("deployment/crowd", long.MaxValue, 100, CancellationToken.None)).Length);
    }

    [Theory]
    [InlineData("update policy.version set reason = 'nothing to see'")]
    [InlineData("delete from policy.version")]
    public async Task The_database_refuses_to_change_a_version(string sql)
    {
        await Save("deployment/stone", (await _store.Current("deployment/stone", CancellationToken.None)).Version, new PolicyDocument());
        await using var command = postgres.Source.CreateCommand(sql);

        var error = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());

        Assert.Equal(PostgresErrorCodes.RestrictViolation, error.SqlState);
    }

    private Task<PolicyVersion?> Save(string scope, long expected, PolicyDocument document) =>
        _store.Save(scope, expected, document, "ada", "to see", null, CancellationToken.None);
}
