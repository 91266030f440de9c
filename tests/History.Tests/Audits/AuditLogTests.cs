using EnergyTTT.History.Access;
using EnergyTTT.History.Audits;
using EnergyTTT.History.Policies;
using EnergyTTT.Testing.Databases;
using EnergyTTT.Wire.Policies;
using Npgsql;
using Xunit;

namespace EnergyTTT.History.Tests.Audits;

public sealed class AuditLogTests : IAsyncLifetime
{
    private readonly PostgresFixture _postgres = new();

    private AuditLog Log => new(_postgres.Source, TimeProvider.System);

    public Task InitializeAsync() => _postgres.InitializeAsync();

    public Task DisposeAsync() => _postgres.DisposeAsync();

    [Fact]
    public async Task Entries_of_many_writers_at_once_make_one_chain_without_gaps()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(n => Log.Append($"person/{n % 3}", "test.act", $"thing/{n}", null, CancellationToken.None)));

        var chain = await Log.Verify(CancellationToken.None);
        var newest = await Log.Read(new AuditFilter(Actor: "person/1"), null, oldestFirst: false, 5, CancellationToken.None);

        Assert.Equal((40, null), (chain.Entries, chain.Fault));
        Assert.Equal(Convert.ToHexStringLower((await Log.Read(new AuditFilter(), null, oldestFirst: false, 1, CancellationToken.None))[0].Hash.Span), chain.Head);
        Assert.Equal(5, newest.Count);
        Assert.All(newest, entry => Assert.Equal("person/1", entry.Actor));
    }

    [Theory]
    [InlineData("update policy.audit set actor = 'nobody' where number = 2")]
    [InlineData("delete from policy.audit where number = 2")]
    [InlineData("truncate policy.audit")]
    public async Task The_database_refuses_to_change_what_was_written(string sql)
    {
        await Three();

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => Execute(sql));

        Assert.Contains(refusal.SqlState, new[] { PostgresErrorCodes.RestrictViolation, PostgresErrorCodes.InsufficientPrivilege });
    }

    [Theory]
    [InlineData("update policy.audit set actor = 'nobody' where number = 2", "entry 2", "hash is not that of its content")]
    [InlineData("update policy.audit set time = time + interval '1 microsecond' where number = 1", "entry 1", "hash is not that of its content")]
    [InlineData("update policy.audit set previous_sha256 = sha256 where number = 3", "entry 3", "hash of the entry before")]
    [InlineData("delete from policy.audit where number = 2", "entry 3", "entry 2 is missing")]
    public async Task Who_gets_round_the_database_is_found_out(string sql, string where, string what)
    {
        await Three();
        await Execute("alter table policy.audit disable trigger user; grant all on policy.audit to current_user; " + sql);

        var chain = await Log.Verify(CancellationToken.None);

        Assert.Contains(where, chain.Fault, StringComparison.Ordinal);
        Assert.Contains(what, chain.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_and_policies_that_change_leave_an_entry_in_the_same_transaction_and_no_secret()
    {
        var keys = new ApiKeys(_postgres.Source, TimeProvider.System);
        var (info, secret) = await keys.Create(new ApiKeyRequest("agent", "site-ams", ["host-1"], CreatedBy: "person/ada"), CancellationToken.None);
        await keys.Revoke(info.Id, "person/ada", CancellationToken.None);
        await keys.Revoke(info.Id, "person/bob", CancellationToken.None);
        await keys.Revoke("nobody00", "person/bob", CancellationToken.None);
        var policies = new PolicyStore(_postgres.Source, TimeProvider.System);
        await policies.Save("fleet", 0, new PolicyDocument(), "person/ada", "first", null, CancellationToken.None);
        await policies.Save("fleet", 0, new PolicyDocument(), "person/bob", "too late", null, CancellationToken.None);

        var entries = await Log.Read(new AuditFilter(), null, oldestFirst: true, 100, CancellationToken.None);

        Assert.Equal(
            [("person/ada", "key.create", "key/" + info.Id), ("person/ada", "key.revoke", "key/" + info.Id), ("person/ada", "policy.save", "policy/fleet")],
            entries.Select(entry => (entry.Actor, entry.Action, entry.Subject)));
        Assert.All(entries, entry => Assert.DoesNotContain(secret.Text[14..], entry.Detail, StringComparison.Ordinal));
        Assert.Contains("host-1", entries[0].Detail, StringComparison.Ordinal);
    }

    private async Task Three()
    {
        for (var n = 0; n < 3; n++)
        {
            await Log.Append("person/ada", "test.act", "thing", new Dictionary<string, string?> { ["n"] = "1" }, CancellationToken.None);
        }
    }

    private async Task Execute(string sql)
    {
        await using var command = _postgres.Source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
