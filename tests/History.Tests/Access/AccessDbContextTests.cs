using EnergyTTT.History.Access;
using EnergyTTT.Testing.Databases;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace EnergyTTT.History.Tests.Access;

/// <summary>ASP.NET Core Identity on the tables of our own migration, as the portal uses it.</summary>
public sealed class AccessDbContextTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    private ServiceProvider _provider = null!; // InitializeAsync sets it before any test.
    private AsyncServiceScope _scope;

    private UserManager<Person> People => _scope.ServiceProvider.GetRequiredService<UserManager<Person>>();

    public Task InitializeAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddHistory(postgres.ConnectionString, writes: false);
        services.AddIdentityCore<Person>(options => options.Stores.SchemaVersion = IdentitySchemaVersions.Version3)
            .AddRoles<IdentityRole<Guid>>()
            .AddEntityFrameworkStores<AccessDbContext>();
        _provider = services.BuildServiceProvider();
        _scope = _provider.CreateAsyncScope();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _scope.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task A_person_signs_in_with_the_right_password_only()
    {
        var person = await Create("anna");

        var found = await People.FindByNameAsync("ANNA");

        Assert.Equal(person.Id, found!.Id);
        Assert.True(await People.CheckPasswordAsync(found, "Correct-horse-7"));
        Assert.False(await People.CheckPasswordAsync(found, "wrong"));
        Assert.Equal("Anna A.", found.DisplayName);
    }

    [Fact]
    public async Task The_three_roles_are_there_and_can_be_given()
    {
        var person = await Create("ben");

        Assert.True((await People.AddToRoleAsync(person, PersonRoles.Operator)).Succeeded);

        Assert.True(await People.IsInRoleAsync(person, "operator"));
        Assert.Equal(["administrator", "operator", "viewer"], _scope.ServiceProvider.GetRequiredService<RoleManager<IdentityRole<Guid>>>().Roles.Select(role => role.Name).Order().ToList());
        Assert.Equal("ben", Assert.Single(await People.GetUsersInRoleAsync("operator")).UserName);
    }

    [Fact]
    public async Task Claims_logins_and_tokens_of_a_person_are_kept()
    {
        var person = await Create("cleo");

        await People.AddClaimAsync(person, new("site", "ams"));
        await People.AddLoginAsync(person, new UserLoginInfo("oidc", "key-1", "Company"));
        await People.ResetAuthenticatorKeyAsync(person);

        Assert.Equal("ams", Assert.Single(await People.GetClaimsAsync(person)).Value);
        Assert.Equal("cleo", (await People.FindByLoginAsync("oidc", "key-1"))!.UserName);
        Assert.NotNull(await People.GetAuthenticatorKeyAsync(person));
    }

    [Fact]
    public async Task A_role_can_have_claims()
    {
        var roles = _scope.ServiceProvider.GetRequiredService<RoleManager<IdentityRole<Guid>>>();
        var viewer = await roles.FindByNameAsync("viewer");

        await roles.AddClaimAsync(viewer!, new("may", "look"));

        Assert.Equal("look", Assert.Single(await roles.GetClaimsAsync(viewer!)).Value);
    }

    [Fact]
    public async Task A_passkey_is_kept_with_all_that_it_says()
    {
        var person = await Create("dora");
        var passkey = new UserPasskeyInfo([1, 2, 3], [4, 5], new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero), 7, ["internal"], true, true, false, [6], [7]) { Name = "laptop" };

        Assert.True((await People.AddOrUpdatePasskeyAsync(person, passkey)).Succeeded);
        await using var second = _provider.CreateAsyncScope();
        var people = second.ServiceProvider.GetRequiredService<UserManager<Person>>();
        var owner = await people.FindByPasskeyIdAsync([1, 2, 3]);
        var kept = Assert.Single(await people.GetPasskeysAsync(owner!));

        Assert.Equal("dora", owner!.UserName);
        Assert.Equal(("laptop", 7u, true, false), (kept.Name, kept.SignCount, kept.IsUserVerified, kept.IsBackedUp));
        Assert.Equal([4, 5], kept.PublicKey);
        Assert.Equal(passkey.CreatedAt, kept.CreatedAt);
    }

    [Fact]
    public async Task Too_many_wrong_passwords_lock_a_person_out_for_a_while()
    {
        var person = await Create("emil");

        for (var i = 0; i < 5; i++)
        {
            await People.AccessFailedAsync(person);
        }

        Assert.True(await People.IsLockedOutAsync(person));
    }

    [Fact]
    public async Task A_person_who_leaves_takes_everything_along()
    {
        var person = await Create("fred");
        await People.AddToRoleAsync(person, "viewer");
        await People.AddClaimAsync(person, new("a", "b"));

        Assert.True((await People.DeleteAsync(person)).Succeeded);

        await using var command = postgres.Source.CreateCommand("select count(*) from access.person_role where person_id = $1");
        command.Parameters.AddWithValue(person.Id);
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Two_people_cannot_have_one_name_even_at_the_same_moment()
    {
        await Create("gina");
        var context = _scope.ServiceProvider.GetRequiredService<AccessDbContext>();
        context.Users.Add(new Person { Id = Guid.NewGuid(), UserName = "gina", NormalizedUserName = "GINA", Created = DateTimeOffset.UnixEpoch });

        await Assert.ThrowsAsync<DbUpdateException>(() => context.SaveChangesAsync());
    }

    private async Task<Person> Create(string name)
    {
        var person = new Person { UserName = name, Email = name + "@example.org", DisplayName = "Anna A.", Created = new DateTimeOffset(2026, 11, 23, 8, 0, 0, TimeSpan.Zero) };
        var result = await People.CreateAsync(person, "Correct-horse-7");
        Assert.True(result.Succeeded, string.Join(", ", result.Errors.Select(error => error.Description)));
        return person;
    }
}
