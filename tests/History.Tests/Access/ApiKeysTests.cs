using EnergyTTT.History.Access;
using EnergyTTT.Testing.Databases;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace EnergyTTT.History.Tests.Access;

public sealed class ApiKeysTests : IClassFixture<PostgresFixture>
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero));
    private readonly PostgresFixture _postgres;
    private readonly ApiKeys _keys;

    public ApiKeysTests(PostgresFixture postgres)
    {
        _postgres = postgres;
        _keys = new ApiKeys(postgres.Source, _clock);
    }

    [Fact]
    public async Task A_key_grants_what_it_was_made_for()
    {
        var (info, secret) = await _keys.Create(new ApiKeyRequest(ApiKeyRoles.Agent, "agent/host-3", ["host-3"], CreatedBy: "anna"), CancellationToken.None);

        var grant = await _keys.Verify(secret.Text, CancellationToken.None);

        Assert.NotNull(grant);
        Assert.Equal((info.Id, "agent"), (grant.Id, grant.Role));
        Assert.True(grant.CoversHost("host-3"));
        Assert.False(grant.CoversHost("host-4"));
        Assert.True(grant.CoversDeployment("any"));
        Assert.Matches("^ettt_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}_[0-9A-Za-z]{4}$", secret.Text);
    }

    [Fact]
    public async Task The_secret_is_nowhere_in_the_database_and_not_in_logs()
    {
        var (info, secret) = await _keys.Create(new ApiKeyRequest(ApiKeyRoles.Viewer), CancellationToken.None);
        await using var command = _postgres.Source.CreateCommand("select k::text, octet_length(secret_sha256) from access.api_key k where id = $1");
        command.Parameters.AddWithValue(info.Id);
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();

        Assert.DoesNotContain(secret.Text[14..57], reader.GetString(0), StringComparison.Ordinal);
        Assert.Equal(32, reader.GetInt32(1));
        Assert.Equal($"ettt_{info.Id}_...", secret.ToString());
        Assert.DoesNotContain(secret.Text, $"{(info, secret)}", StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_one_mistyped_character_is_told_without_asking_the_database()
    {
        var secret = ApiKeySecret.Create();
        Assert.True(ApiKeySecret.TryParse(secret.Text, out _));

        for (var i = 0; i < secret.Text.Length; i++)
        {
            var wrong = secret.Text[i] == 'x' ? 'y' : 'x';
            Assert.False(ApiKeySecret.TryParse(secret.Text[..i] + wrong + secret.Text[(i + 1)..], out _), $"character {i}");
        }

        for (var i = 15; i < 56; i++)
        {
            if (secret.Text[i] != secret.Text[i + 1])
            {
                Assert.False(ApiKeySecret.TryParse(secret.Text[..i] + secret.Text[i + 1] + secret.Text[i] + secret.Text[(i + 2)..], out _), $"swapped {i}");
            }
        }

        await Task.CompletedTask;
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("ettt_")]
    [InlineData("Bearer ettt_abcdefgh")]
    public async Task What_is_no_key_grants_nothing(string? presented) => Assert.Null(await _keys.Verify(presented, CancellationToken.None));

    [Fact]
    public async Task A_well_formed_key_that_nobody_made_grants_nothing() => Assert.Null(await _keys.Verify(ApiKeySecret.Create().Text, CancellationToken.None));

    [Fact]
    public async Task The_secret_of_one_key_does_not_open_another()
    {
        var (first, _) = await _keys.Create(new ApiKeyRequest(ApiKeyRoles.Viewer), CancellationToken.None);
        ApiKeySecret forged;
        do
        {
            forged = ApiKeySecret.Create();
            await using var rename = _postgres.Source.CreateCommand("update access.api_key set id = $1 where id = $2");
            rename.Parameters.AddWithValue(forged.Id);
            rename.Parameters.AddWithValue(first.Id);
            await rename.ExecuteNonQueryAsync();
        }
        while (forged.Id == first.Id);

        Assert.Null(await _keys.Verify(forged.Text, CancellationToken.None));
    }

    [Fact]
    public async Task A_revoked_key_ends_here_at_once_and_elsewhere_within_30_seconds()
    {
        var elsewhere = new ApiKeys(_postgres.Source, _clock);
        var (info, secret) = await _keys.Create(new ApiKeyRequest(ApiKeyRoles.Operator), CancellationToken.None);
        Assert.NotNull(await elsewhere.Verify(secret.Text, CancellationToken.None));
        Assert.NotNull(await _keys.Verify(secret.Text, CancellationToken.None));

        Assert.True(await _keys.Revoke(info.Id, "anna", CancellationToken.None));
        Assert.Null(await _keys.Verify(secret.Text, CancellationToken.None));
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(await elsewhere.Verify(secret.Text, CancellationToken.None));

        _clock.Advance(TimeSpan.FromHours(1));
        await _keys.Revoke(info.Id, "ben", CancellationToken.None);
        var listed = (await _keys.List(CancellationToken.None)).Single(key => key.Id == info.Id);
        Assert.Equal(("anna", _clock.GetUtcNow() - TimeSpan.FromSeconds(3630)), (listed.RevokedBy, listed.Revoked));
    }

    [Fact]
    public async Task Revoking_what_does_not_exist_says_so() => Assert.False(await _keys.Revoke("nobody00", null, CancellationToken.None));

    [Fact]
    public async Task An_expired_key_grants_nothing()
    {
        var (_, secret) = await _keys.Create(new ApiKeyRequest(ApiKeyRoles.Viewer, Expires: _clock.GetUtcNow().AddHours(1)), CancellationToken.None);
        Assert.NotNull(await _keys.Verify(secret.Text, CancellationToken.None));

        _clock.Advance(TimeSpan.FromHours(1));

        Assert.Null(await _keys.Verify(secret.Text, CancellationToken.None));
    }

    [Fact]
    public async Task An_owner_has_two_live_keys_at_most_even_when_asked_all_at_once()
    {
        var request = new ApiKeyRequest(ApiKeyRoles.Agent, "agent/rotating", ["rotating"]);

        var tries = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            try
            {
                return (await _keys.Create(request, CancellationToken.None)).Info.Id;
            }
            catch (ApiKeyLimitException)
            {
                return null;
            }
        }));

        var made = tries.OfType<string>().ToList();
        Assert.Equal(2, made.Count);
        await _keys.Revoke(made[0], null, CancellationToken.None);
        Assert.NotNull((await _keys.Create(request, CancellationToken.None)).Info);
        var refused = await Assert.ThrowsAsync<ApiKeyLimitException>(() => _keys.Create(request, CancellationToken.None));
        Assert.Contains("'agent/rotating' has two live keys", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_without_an_owner_stands_alone()
    {
        for (var i = 0; i < 4; i++)
        {
            var (info, _) = await _keys.Create(new ApiKeyRequest(ApiKeyRoles.Administrator), CancellationToken.None);
            Assert.Equal("key/" + info.Id, info.Owner);
        }
    }

    [Fact]
    public async Task A_role_that_does_not_exist_is_refused_with_those_that_do()
    {
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => _keys.Create(new ApiKeyRequest("root"), CancellationToken.None));

        Assert.Contains("agent, engine, viewer, operator, administrator", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_listed_newest_first()
    {
        var (old, _) = await _keys.Create(new ApiKeyRequest(ApiKeyRoles.Engine, "engine/a", [], ["qwen"], "anna"), CancellationToken.None);
        _clock.Advance(TimeSpan.FromMinutes(1));
        var (young, _) = await _keys.Create(new ApiKeyRequest(ApiKeyRoles.Agent, "agent/b", ["b"]), CancellationToken.None);

        var listed = (await _keys.List(CancellationToken.None)).Where(key => key.Id == old.Id || key.Id == young.Id).ToList();

        Assert.Equal([young.Id, old.Id], listed.Select(key => key.Id));
        Assert.Equal(("engine/a", "qwen", "anna", old.Created), (listed[1].Owner, Assert.Single(listed[1].Deployments), listed[1].CreatedBy, listed[1].Created));
    }
}
